// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.vdpa;

import io.vhost4j.examples.cli.SocketOptions;
import io.vhost4j.examples.cli.UsageException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;

/**
 * What the options say.
 *
 * @param devices names, with arguments
 * @param sockets one for each
 * @param client whether front-ends listen
 * @param echo whether to serve rings while no device does
 */
record VdpaSettings(List<String> devices, List<Path> sockets, boolean client, boolean echo) {
    static VdpaSettings check(List<String> devices, List<Path> sockets, boolean client, boolean echo) {
        UsageException.rejectIf(
                devices.isEmpty(), "--device: name a device, or use --list to see those of this machine");
        UsageException.rejectIf(
                devices.size() != sockets.size(),
                "there are " + devices.size() + " --device and " + sockets.size()
                        + " --socket: give one socket for each");
        UsageException.rejectIf(new HashSet<>(sockets).size() != sockets.size(), "--socket: each can be given once");
        sockets.forEach(SocketOptions::check);
        return new VdpaSettings(List.copyOf(devices), List.copyOf(sockets), client, echo);
    }
}
