// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.nio.file.Path;

/**
 * A network card of a QEMU guest.
 *
 * @param socket the vhost-user socket
 * @param socketOptions how QEMU opens it, such as {@code ,server=on,wait=off} or {@code ,reconnect=1}; empty: it connects
 * @param queuePairs the number of queue pairs
 * @param deviceOptions further options of virtio-net-pci, such as {@code ,packed=on}
 */
record Nic(Path socket, String socketOptions, int queuePairs, String deviceOptions) {
    static Nic on(Path socket) {
        return new Nic(socket, "", 1, "");
    }

    Nic withSocketOptions(String options) {
        return new Nic(socket, options, queuePairs, deviceOptions);
    }

    Nic withQueuePairs(int pairs) {
        return new Nic(socket, socketOptions, pairs, deviceOptions);
    }

    Nic withDeviceOptions(String options) {
        return new Nic(socket, socketOptions, queuePairs, options);
    }
}
