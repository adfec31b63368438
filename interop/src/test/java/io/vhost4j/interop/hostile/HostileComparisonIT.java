// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vhost4j.interop.Peer;
import io.vhost4j.interop.Peers;
import io.vhost4j.interop.RequiresPeer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** The same attacks on {@code forward} and on DPDK's net_vhost, as a page of documentation; interop/hostile.sh runs it. */
@RequiresPeer(Peer.TESTPMD)
class HostileComparisonIT {
    /** The page to write. */
    private static final String OUTPUT = "vhost4j.hostile.output";
    /** Where results are noted one by one, so that a run that was stopped goes on with what is left. */
    private static final String NOTES = "vhost4j.hostile.notes";
    /** Seconds after which to leave the rest to the next run. */
    private static final String SECONDS = "vhost4j.hostile.seconds";

    private static final String OURS = "vhost4j";
    private static final String DPDK = "dpdk";

    @TempDir
    Path folder;

    @Test
    @EnabledIfSystemProperty(named = OUTPUT, matches = ".+", disabledReason = "interop/hostile.sh compares")
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void shouldSurviveWhatTheOtherMayNot() throws IOException {
        HostileNotes notes = HostileNotes.open(Path.of(System.getProperty(NOTES, "target/hostile.tsv")));
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.getLong(SECONDS, TimeUnit.HOURS.toSeconds(1)));
        run(OURS, () -> ForwardTarget.start(folder), notes, end);
        run(DPDK, () -> DpdkTarget.start(folder), notes, end);
        HostileTable.write(
                Path.of(System.getProperty(OUTPUT)), notes, List.of(OURS, DPDK), Peers.version(Peer.TESTPMD));
        List<String> ours = new ArrayList<>();
        for (HostileCase of : Catalogue.all()) {
            HostileNotes.Note note = notes.get(OURS, of);
            if (note != null && !note.good()) {
                ours.add(of.name() + ": " + note.verdict());
            }
        }
        assertEquals(List.of(), ours);
    }

    private static void run(String backend, Supplier<Target> starter, HostileNotes notes, long end) throws IOException {
        try (HostileRunner runner = new HostileRunner(starter)) {
            for (HostileCase of : Catalogue.all()) {
                if (notes.get(backend, of) == null && System.nanoTime() - end < 0) {
                    Outcome outcome = runner.run(of);
                    notes.add(backend, of, note(outcome));
                    System.out.println(backend + ": " + of + ": " + outcome);
                }
            }
        }
    }

    private static HostileNotes.Note note(Outcome outcome) {
        List<String> verdict = new ArrayList<>();
        if (!outcome.lived()) {
            verdict.add("died, " + outcome.death());
        } else if (!outcome.served()) {
            verdict.add("hung");
        }
        if (!outcome.leaked().isEmpty()) {
            verdict.add("leaked " + outcome.leaked());
        }
        if (outcome.onlySlow()) {
            verdict.add("paused " + outcome.gapMillis() + " ms");
        }
        return new HostileNotes.Note(
                outcome.reaction().text(),
                verdict.isEmpty() ? "lived" : String.join(", ", verdict),
                verdict.isEmpty(),
                outcome.gapMillis());
    }
}
