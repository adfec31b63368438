// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What became of back-ends, also kept in a file, a line for each case and back-end: a run that was stopped goes on. */
final class HostileNotes {
    private static final int FIELDS = 6;

    private final Path file;
    private final Map<String, Note> notes = new LinkedHashMap<>();

    /**
     * A result.
     *
     * @param reaction what the attacker saw, in words
     * @param verdict what became of the process: "lived", or what was wrong
     * @param good whether nothing was wrong
     * @param gapMillis the bystander's longest pause
     */
    record Note(String reaction, String verdict, boolean good, long gapMillis) {}

    private HostileNotes(Path file) {
        this.file = file;
    }

    static HostileNotes open(Path file) throws IOException {
        HostileNotes notes = new HostileNotes(file);
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                String[] fields = line.split("\t", -1);
                if (fields.length == FIELDS) {
                    Note note =
                            new Note(fields[2], fields[3], Boolean.parseBoolean(fields[4]), Long.parseLong(fields[5]));
                    notes.notes.put(key(fields[0], fields[1]), note);
                }
            }
        }
        return notes;
    }

    private static String key(String backend, String name) {
        return backend + "\t" + name;
    }

    /** The result of a case, or null. */
    @Nullable
    Note get(String backend, HostileCase of) {
        return notes.get(key(backend, of.name()));
    }

    void add(String backend, HostileCase of, Note note) throws IOException {
        notes.put(key(backend, of.name()), note);
        String line = String.join(
                "\t",
                key(backend, of.name()),
                note.reaction(),
                note.verdict(),
                String.valueOf(note.good()),
                String.valueOf(note.gapMillis()));
        Files.write(file, List.of(line), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
