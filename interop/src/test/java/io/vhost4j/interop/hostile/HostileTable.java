// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The comparison as a page of documentation. */
final class HostileTable {
    private HostileTable() {}

    /** Writes the page: a row for each case, a column for each back-end. */
    static void write(Path file, HostileNotes notes, List<String> backends, String dpdkVersion) throws IOException {
        StringBuilder page = new StringBuilder();
        page.append("# Hostile front-ends\n\n");
        page.append("""
            What a hostile front-end, or the guest behind it, can do to a back-end. `interop/hostile.sh` makes this page; `HostileIT` runs the
            same cases against `forward` in every build. Both back-ends answer echo requests on two sockets from one polling thread: one
            socket is attacked, on the other a well-behaved front-end, the bystander, circulates packets all the time.

            A cell says what the attacker saw (*session ended*, *refused*, *ring broken*, *taken*: answered well or chain given back, *ignored*,
            *no answer*), then what became of the process: **died** with its signal, **hung** where the next front-end on the attacked
            socket was not served within two times 4 s, **leaked** what was more than before after 4 s (descriptors, mappings, threads, seen in
            `/proc`; for `forward` packet buffers too), **paused** where the bystander waited for longer than 100 ms in four runs out of four.
            An empty rest means that none of this happened. "Taken" is right for a chain that makes no sense: it is given back empty.

            """);
        for (String backend : backends) {
            summary(page, notes, backend, dpdkVersion);
        }
        page.append("\n| case | stands for | vhost4j | DPDK 22.11 |\n|---|---|---|---|\n");
        for (HostileCase of : Catalogue.all()) {
            page.append("| ").append(of.name()).append(" | ").append(of.lesson());
            for (String backend : backends) {
                page.append(" | ").append(cell(notes.get(backend, of)));
            }
            page.append(" |\n");
        }
        Files.writeString(file, page);
    }

    private static String cell(HostileNotes.@Nullable Note note) {
        if (note == null) {
            return "not run";
        }
        return note.good() ? note.reaction() : note.reaction() + "; **" + note.verdict() + "**";
    }

    private static void summary(StringBuilder page, HostileNotes notes, String backend, String dpdkVersion) {
        List<HostileNotes.Note> all = Catalogue.all().stream()
                .map(of -> notes.get(backend, of))
                .filter(Objects::nonNull)
                .toList();
        page.append(String.format(
                Locale.ROOT,
                "- %s: %d of %d cases run; died %d, hung %d, leaked %d, paused %d; longest pause of the bystander"
                        + " where none of these: %d ms%n",
                backend.equals("dpdk") ? dpdkVersion + ", net_vhost" : backend,
                all.size(),
                Catalogue.all().size(),
                count(all, "died"),
                count(all, "hung"),
                count(all, "leaked"),
                count(all, "paused"),
                all.stream()
                        .filter(HostileNotes.Note::good)
                        .mapToLong(HostileNotes.Note::gapMillis)
                        .max()
                        .orElse(0)));
    }

    private static long count(List<HostileNotes.Note> notes, String what) {
        return notes.stream().filter(note -> note.verdict().contains(what)).count();
    }
}
