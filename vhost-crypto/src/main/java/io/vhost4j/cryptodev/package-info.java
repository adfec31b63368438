// SPDX-License-Identifier: BSD-3-Clause

/** A virtio-crypto back-end over the Java Cryptography Architecture. */
@NullMarked
package io.vhost4j.cryptodev;

import org.jspecify.annotations.NullMarked;
