// SPDX-License-Identifier: BSD-3-Clause

/** Runnable programs behind one launcher. */
@NullMarked
package io.vhost4j.examples;

import org.jspecify.annotations.NullMarked;
