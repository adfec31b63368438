// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.doctor;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Small files and folders of the kernel; what is missing or may not be read counts as empty. */
final class Sysfs {
    private Sysfs() {}

    /** The file's text without white space around it. */
    static String text(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            return "";
        }
    }

    /** The file's number; 0 if it has none. */
    static long number(Path file) {
        String text = text(file);
        return text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
    }

    /** Names in a folder that match the glob, sorted. */
    static List<String> names(Path folder, String glob) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
            entries.forEach(entry -> names.add(String.valueOf(entry.getFileName())));
        } catch (IOException e) {
            return List.of();
        }
        names.sort(null);
        return names;
    }
}
