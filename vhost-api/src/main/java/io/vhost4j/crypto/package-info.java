// SPDX-License-Identifier: BSD-3-Clause

/** virtio-crypto devices (virtio 1.2 §5.9); start at {@link io.vhost4j.crypto.VhostCrypto}. */
@NullMarked
package io.vhost4j.crypto;

import org.jspecify.annotations.NullMarked;
