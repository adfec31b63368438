// SPDX-License-Identifier: BSD-3-Clause

/** A crypto device that uses the Java Cryptography Architecture. */
@NullMarked
package io.vhost4j.cryptodev.jca;

import org.jspecify.annotations.NullMarked;
