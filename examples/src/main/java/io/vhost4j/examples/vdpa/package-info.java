// SPDX-License-Identifier: BSD-3-Clause

/** {@code vhost4j vdpa}: gives vDPA devices to virtual machines. */
@NullMarked
package io.vhost4j.examples.vdpa;

import org.jspecify.annotations.NullMarked;
