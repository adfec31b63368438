// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a back-end and its front-end have for themselves, so that several couples can be there at once.
 *
 * @param number tells couples apart, from 0
 * @param folder where sockets are
 */
record Seat(int number, Path folder) {
    /** The vhost-user socket of a device. */
    Path socket() {
        return folder.resolve(LabMemory.PREFIX + "socket-" + number);
    }

    /** What the back-end's files in the folder of huge pages are called after. */
    String backEndFiles() {
        return "b" + number;
    }

    /** The same of the front-end's. */
    String frontEndFiles() {
        return "f" + number;
    }

    /** Removes what a back-end left. */
    void clear() {
        try {
            Files.deleteIfExists(socket());
        } catch (IOException e) {
            throw new BenchFailure(socket() + " cannot be removed: " + e.getMessage(), e);
        }
    }
}
