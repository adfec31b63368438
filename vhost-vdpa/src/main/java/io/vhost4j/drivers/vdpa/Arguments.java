// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import io.vhost4j.ConfigurationException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The arguments of a device, taken one by one; what nobody takes is an error. */
public final class Arguments {
    private final String device;
    private final Map<String, String> left;

    /** The arguments of {@code device}. */
    public Arguments(String device, Map<String, String> given) {
        this.device = device;
        left = new LinkedHashMap<>(given);
    }

    /** Takes a switch, 0 or 1. */
    public boolean flag(String key, boolean byDefault) {
        String text = left.remove(key);
        if (text == null) {
            return byDefault;
        }
        if (!text.equals("0") && !text.equals("1")) {
            throw new ConfigurationException(device + ": " + key + "=" + text + ": must be 0 or 1");
        }
        return text.equals("1");
    }

    /** Takes a number from {@code least} to {@code most}. */
    public long number(String key, long byDefault, long least, long most) {
        String text = left.remove(key);
        if (text == null) {
            return byDefault;
        }
        long value;
        try {
            value = Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new ConfigurationException(device + ": " + key + "=" + text + ": must be a number");
        }
        if (value < least || value > most) {
            throw new ConfigurationException(device + ": " + key + "=" + value + ": must be " + least + " to " + most);
        }
        return value;
    }

    /** Takes a text. */
    public String text(String key, String byDefault) {
        String text = left.remove(key);
        return text == null ? byDefault : text;
    }

    /**
     * Ends the taking.
     *
     * @param known the keys that there are, for the message
     * @throws ConfigurationException if something is left
     */
    public void end(String known) {
        if (!left.isEmpty()) {
            throw new ConfigurationException(
                    device + ": argument " + left.keySet().iterator().next() + ": is not known; there are " + known);
        }
    }
}
