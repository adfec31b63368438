// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

/** Who serves the rings of a socket's devices, and what they are. */
public enum DeviceKind {
    /** The library, as those of a network device: pairs of a receive and a transmit queue. */
    NET,
    /** A module of the library, by {@link io.vhost4j.core.ring.ChainDevice}. */
    CHAINS,
    /** The application itself. */
    APPLICATION;

    /** Whether the library moves data, and keeps positions and accounts of chains in flight. */
    boolean servedHere() {
        return this != APPLICATION;
    }
}
