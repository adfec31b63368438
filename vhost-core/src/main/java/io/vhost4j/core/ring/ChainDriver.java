// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

/** What a driver has besides its public methods for modules of the library that serve devices of other types than the network's. */
public interface ChainDriver {
    /**
     * The rings are those of a device whose chains have buffers to read and buffers to write, in each ring; its devices are
     * {@link ChainDevice}s. As {@code VhostDriver.setBuiltinVirtioNet(false)}, but the library keeps the rings' positions and their accounts of
     * chains in flight; the device runs while any ring does; and a ring that the front-end never enables runs as well, since QEMU does not
     * enable those of a crypto device. Before the driver is started.
     */
    void serveChains();
}
