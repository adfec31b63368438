// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.kernel;

import io.vhost4j.drivers.vdpa.Arguments;
import io.vhost4j.spi.VdpaDriver;
import io.vhost4j.vdpa.VdpaDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Opens devices of the kernel's vDPA bus. */
public final class VhostVdpaDriver implements VdpaDriver {
    private static final Path DEV = Path.of("/dev");
    private static final String PREFIX = "vhost-vdpa-";

    private final VhostVdpaCalls calls;

    /** For {@link java.util.ServiceLoader}: the devices of this machine. */
    public VhostVdpaDriver() {
        this(new VhostVdpaCalls.Linux());
    }

    VhostVdpaDriver(VhostVdpaCalls calls) {
        this.calls = calls;
    }

    @Override
    public String nameForms() {
        return "/dev/vhost-vdpa-N";
    }

    @Override
    public boolean knows(String name) {
        return name.startsWith(DEV + "/" + PREFIX);
    }

    @Override
    public List<String> candidates() {
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(DEV, PREFIX + "*")) {
            files.forEach(file -> found.add(file.toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        found.sort(null);
        return found;
    }

    @Override
    public VdpaDevice open(String name, Map<String, String> arguments) {
        new Arguments(name, arguments).end("none");
        VhostVdpaFile file = VhostVdpaFile.open(calls, name);
        try {
            return new VhostVdpaDevice(name, file);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }
}
