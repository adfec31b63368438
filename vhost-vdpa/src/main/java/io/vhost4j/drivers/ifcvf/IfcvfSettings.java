// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import io.vhost4j.ConfigurationException;
import io.vhost4j.drivers.vdpa.Arguments;
import java.util.Map;

/**
 * Arguments of a device.
 *
 * @param swLiveMigration whether this process carries used rings over while a migration logs, rather than have the device log
 * @param generic whether any virtio 1.0 device is taken, not only Intel's
 */
record IfcvfSettings(boolean swLiveMigration, boolean generic) {
    private static final String KEYS = "vdpa, sw-live-migration, generic";

    static IfcvfSettings parse(String device, Map<String, String> given) {
        Arguments arguments = new Arguments(device, given);
        if (!arguments.flag("vdpa", true)) {
            throw new ConfigurationException(device + ": vdpa=0 says that it is not to be a vDPA device");
        }
        IfcvfSettings settings =
                new IfcvfSettings(arguments.flag("sw-live-migration", false), arguments.flag("generic", false));
        arguments.end(KEYS);
        return settings;
    }
}
