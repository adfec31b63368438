// SPDX-License-Identifier: BSD-3-Clause

/** The command {@code crypto}. */
@NullMarked
package io.vhost4j.examples.crypto;

import org.jspecify.annotations.NullMarked;
