// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.sim;

import io.vhost4j.drivers.vdpa.Arguments;
import java.util.Map;

/**
 * Settings of a device that is a program.
 *
 * @param queues queue pairs
 * @param packed whether it has packed rings
 * @param segment the network that {@code sim:net} devices are joined by
 * @param failConf whether it refuses to start
 * @param failAfter frames after which it fails, 0 for never
 * @param drop loses each frame whose number is a multiple of this, 0 for none
 * @param noBase whether it does not tell where it stopped
 * @param badBase whether it tells a wrong position
 */
record SimSettings(
        int queues,
        boolean packed,
        String segment,
        boolean failConf,
        long failAfter,
        long drop,
        boolean noBase,
        boolean badBase) {
    private static final String KEYS = "queues, packed, segment, fail-conf, fail-after, drop, no-base, bad-base";
    private static final int MAX_QUEUES = 32;

    static SimSettings parse(String device, Map<String, String> given) {
        Arguments arguments = new Arguments(device, given);
        SimSettings settings = new SimSettings(
                (int) arguments.number("queues", 4, 1, MAX_QUEUES),
                arguments.flag("packed", true),
                arguments.text("segment", "net"),
                arguments.flag("fail-conf", false),
                arguments.number("fail-after", 0, 0, Long.MAX_VALUE),
                arguments.number("drop", 0, 0, Long.MAX_VALUE),
                arguments.flag("no-base", false),
                arguments.flag("bad-base", false));
        arguments.end(KEYS);
        return settings;
    }
}
