// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.spi;

import java.nio.file.Path;

/** Makes the kernel a front-end: of a driver that is registered for a device file rather than a socket. Found by {@link java.util.ServiceLoader}. */
public interface KernelFrontend {
    /** Whether a driver registered for {@code path} is for the kernel. */
    boolean serves(Path path);

    /**
     * Connects the kernel to a vhost-user socket, until that ends the connection.
     *
     * @param path what the driver is registered for
     * @param socket where the driver listens
     * @return waits, when closed, until all is given back; the driver has ended the connection before
     * @throws io.vhost4j.VhostException if the kernel cannot be a front-end
     */
    AutoCloseable connect(Path path, String socket);
}
