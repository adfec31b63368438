// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

/** The application asked for something that cannot work: a path, a combination of flags, a value out of range. */
public class ConfigurationException extends VhostException {
    private static final long serialVersionUID = 1L;

    /** Says what was wrong, with the value, and what to do. */
    public ConfigurationException(String message) {
        super(message);
    }

    /** Says what was wrong, with the value, and what to do; {@code cause} is what the system said. */
    public ConfigurationException(String message, Throwable cause) {
        super(message, cause);
    }
}
