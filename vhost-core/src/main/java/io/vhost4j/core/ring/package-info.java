// SPDX-License-Identifier: BSD-3-Clause

/** Split and packed virtqueues: gathering of descriptor chains, publication of used ones, notification. */
@NullMarked
package io.vhost4j.core.ring;

import org.jspecify.annotations.NullMarked;
