// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks of socket paths that need nothing to be opened. */
public final class SocketOptions {
    private static final int MAX_PATH_BYTES = 107;

    private SocketOptions() {}

    /**
     * Checks a path's length and folder.
     *
     * @throws UsageException if it cannot be a socket
     */
    public static void check(Path path) {
        String text = path.toString();
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        UsageException.rejectIf(text.isEmpty(), "--socket: the path is empty");
        UsageException.rejectIf(
                bytes > MAX_PATH_BYTES,
                "--socket " + text + ": " + bytes + " bytes are too many for a socket; use at most " + MAX_PATH_BYTES);
        if (text.startsWith("@")) {
            return;
        }
        Path folder = path.toAbsolutePath().getParent();
        UsageException.rejectIf(
                folder == null || !Files.isDirectory(folder),
                "--socket " + text + ": there is no folder " + folder + "; make it first");
        UsageException.rejectIf(Files.isDirectory(path), "--socket " + text + ": is a folder; name a socket in it");
    }
}
