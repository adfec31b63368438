// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

/** A program that nobody here wrote, which the tests talk to. */
public enum Peer {
    /** DPDK's traffic generator with its virtio-user front-end. */
    TESTPMD,
    /** The distribution's QEMU with a Debian guest. */
    QEMU,
    /** The newer QEMU of the distribution's backports. */
    QEMU10,
    /** User-mode Linux with its own vhost-user front-end. */
    UML;

    /** The prefix of its entries in the list that peers.sh writes. */
    String key() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
