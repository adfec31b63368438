// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.sim;

import io.vhost4j.spi.VdpaDriver;
import io.vhost4j.vdpa.VdpaDevice;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Makes devices that are programs: {@code sim:loopback} and {@code sim:net}, and more of a kind as {@code sim:net.2}. */
public final class SimDriver implements VdpaDriver {
    private static final Pattern NAME = Pattern.compile("sim:(loopback|net)(\\.[A-Za-z0-9_-]+)?");

    /** For {@link java.util.ServiceLoader}. */
    public SimDriver() {}

    @Override
    public String nameForms() {
        return "sim:loopback, sim:net";
    }

    @Override
    public boolean knows(String name) {
        return NAME.matcher(name).matches();
    }

    @Override
    public List<String> candidates() {
        return List.of();
    }

    @Override
    public VdpaDevice open(String name, Map<String, String> arguments) {
        SimSettings settings = SimSettings.parse(name, arguments);
        return new SimDevice(name, settings, name.startsWith("sim:net") ? SimSegment.named(settings.segment()) : null);
    }
}
