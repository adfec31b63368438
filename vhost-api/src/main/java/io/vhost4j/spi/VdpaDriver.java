// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.spi;

import io.vhost4j.vdpa.VdpaDevice;
import java.util.List;
import java.util.Map;

/** Opens vDPA devices of one kind; found by {@link java.util.ServiceLoader}. */
public interface VdpaDriver {
    /** How names of its devices look, for messages. */
    String nameForms();

    /** Whether {@code name} is of such a form. */
    boolean knows(String name);

    /** Names of devices that this machine has. */
    default List<String> candidates() {
        return List.of();
    }

    /**
     * Opens a device.
     *
     * @throws io.vhost4j.ConfigurationException if an argument is not known or has a wrong value
     * @throws io.vhost4j.VhostException if it cannot be opened
     */
    VdpaDevice open(String name, Map<String, String> arguments);
}
