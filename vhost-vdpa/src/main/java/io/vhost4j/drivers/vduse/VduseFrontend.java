// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vduse;

import io.vhost4j.spi.KernelFrontend;
import java.nio.file.Path;

/** Drivers registered for {@code /dev/vduse/NAME} get the kernel as their front-end. */
public final class VduseFrontend implements KernelFrontend {
    private static final Path FOLDER = Path.of("/dev/vduse");

    /** For {@link java.util.ServiceLoader}. */
    public VduseFrontend() {}

    @Override
    public boolean serves(Path path) {
        return FOLDER.equals(path.getParent());
    }

    @Override
    public AutoCloseable connect(Path path, String socket) {
        return VduseBridge.start(path.getFileName().toString(), socket);
    }
}
