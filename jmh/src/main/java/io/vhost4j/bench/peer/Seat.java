// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a back-end and its front-end have for themselves, so that several couples can be there at once.
 *
 * @param number tells couples apart, from 0
 * @param folder where sockets are
 */
record Seat(int number, Path folder) {
    /** The vhost-user socket of a device. */
    Path socket() {
        return folder.resolve(LabMemory.PREFIX + "socket-" + number + "-");
    }

    /** The sockets of so many devices: the one, or names that go on with a number. */
    List<Path> sockets(int devices) {
        return devices == 1
                ? List.of(socket())
                : IntStream.range(0, devices)
                        .mapToObj(i -> Path.of(socket().toString() + i))
                        .toList();
    }

    /** What the back-end's files in the folder of huge pages are called after. */
    String backEndFiles() {
        return "b" + number;
    }

    /** The same of the front-end's. */
    String frontEndFiles() {
        return "f" + number;
    }

    /** Removes what a back-end with so many devices left. */
    void clear(int devices) {
        for (Path socket : sockets(devices)) {
            try {
                Files.deleteIfExists(socket);
            } catch (IOException e) {
                throw new BenchFailure(socket + " cannot be removed: " + e.getMessage(), e);
            }
        }
    }
}
