// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * One combination of what testpmd's virtio-user front-end and the back-end can be told, and the run that proves that they
 * count the same packets and bytes with nothing lost.
 *
 * @param packed packed rings
 * @param mergeable mergeable receive buffers
 * @param inOrder in-order use
 * @param vectorized vector paths in the front-end, where it has them
 * @param queuePairs the number of queue pairs
 * @param bytes the length of a packet; 9000 is sent as a chain of segments
 * @param mode what the back-end does
 * @param server whether the front-end listens
 */
record MatrixCase(
        boolean packed,
        boolean mergeable,
        boolean inOrder,
        boolean vectorized,
        int queuePairs,
        int bytes,
        Mode mode,
        boolean server) {
    /** Packets after which the traffic has shown what it can. */
    private static final long ENOUGH = 50_000;

    private static final int BURST = 32;
    private static final int SEGMENT_BYTES = 1800;
    private static final Duration TRAFFIC_LIMIT = Duration.ofSeconds(30);
    private static final int MRG_RXBUF = 15;
    private static final int RING_PACKED = 34;
    private static final int IN_ORDER = 35;

    private static final List<Integer> SIZES = List.of(64, 256, 1518, 9000);
    private static final List<Mode> MODES = List.of(Mode.RXONLY, Mode.TXONLY, Mode.IO, Mode.MACSWAP);
    private static final int[] CHOICES = {2, 2, 2, 2, 2, 4, 4, 2};

    /** What a run has shown: the counters, equal at both ends, and the receive and transmit paths of the front-end. */
    record Result(long fromGuest, long toGuest, String paths) {}

    /** Every combination. */
    static List<MatrixCase> all() {
        int total = 1;
        for (int choices : CHOICES) {
            total *= choices;
        }
        List<MatrixCase> cases = new ArrayList<>();
        for (int number = 0; number < total; number++) {
            int[] choice = new int[CHOICES.length];
            int rest = number;
            for (int i = CHOICES.length - 1; i >= 0; i--) {
                choice[i] = rest % CHOICES[i];
                rest /= CHOICES[i];
            }
            cases.add(of(choice));
        }
        return cases;
    }

    /** A few combinations in which every pair of values of two parameters occurs. */
    static List<MatrixCase> everyPair() {
        return Pairwise.cover(CHOICES).stream().map(MatrixCase::of).toList();
    }

    private static MatrixCase of(int[] choice) {
        return new MatrixCase(
                choice[0] == 1,
                choice[1] == 1,
                choice[2] == 1,
                choice[3] == 1,
                choice[4] + 1,
                SIZES.get(choice[5]),
                MODES.get(choice[6]),
                choice[7] == 1);
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s mrg_rxbuf=%d in_order=%d vectorized=%d queues=%d size=%d %s, front-end is %s",
                packed ? "packed" : "split",
                mergeable ? 1 : 0,
                inOrder ? 1 : 0,
                vectorized ? 1 : 0,
                queuePairs,
                bytes,
                mode.word(),
                server ? "server" : "client");
    }

    private List<Integer> segments() {
        return bytes <= SEGMENT_BYTES ? List.of(bytes) : Collections.nCopies(bytes / SEGMENT_BYTES, SEGMENT_BYTES);
    }

    /** Runs the combination in an empty folder, with further options for the back-end, and fails unless both ends agree. */
    Result run(Path folder, String... options) {
        Path socket = folder.resolve("s");
        Testpmd.Options front =
                new Testpmd.Options(socket, server, packed, mergeable, inOrder, vectorized, queuePairs, segments());
        BackendSpec back = BackendSpec.of(mode, socket)
                .asClient(server)
                .withQueuePairs(queuePairs)
                .withSegments(segments())
                .withCount(mode == Mode.TXONLY ? ENOUGH : 0)
                .withOptions(options);
        if (server) {
            try (Testpmd testpmd = Testpmd.start(front);
                    Backend backend = Backend.start(back)) {
                return exchange(testpmd, backend);
            }
        }
        try (Backend backend = Backend.start(back);
                Testpmd testpmd = Testpmd.start(front)) {
            return exchange(testpmd, backend);
        }
    }

    private Result exchange(Testpmd testpmd, Backend backend) {
        testpmd.awaitPrompt();
        backend.awaitDevicesUp(1);
        checkFeatures(backend.features());
        switch (mode) {
            case RXONLY -> testpmdSends(testpmd, backend);
            case TXONLY -> backendSends(testpmd, backend);
            case IO, MACSWAP -> bothCirculate(testpmd, backend);
            case ICMPECHO, FLOWGEN -> throw new IllegalStateException("not a mode of the matrix: " + mode);
        }
        TestpmdConsole.PortStats front = testpmd.stats();
        backend.awaitCounters(
                seen -> seen.fromPackets() == front.txPackets() && seen.toPackets() == front.rxPackets(),
                "the back-end's packets equal to " + front,
                TRAFFIC_LIMIT);
        String paths = testpmd.paths();
        if (mode == Mode.TXONLY) {
            testpmd.close(); // the back-end left after its last packet; testpmd's own way to end writes to its socket
        } else {
            testpmd.quit();
        }
        Counters last = backend.finish();
        Counters wanted = new Counters(front.txPackets(), front.txBytes(), front.rxPackets(), front.rxBytes(), 0);
        if (!last.equals(wanted) || front.txErrors() != 0 || front.rxMissed() != 0) {
            throw new AssertionError(this + ": the back-end counted " + last + ", testpmd " + front);
        }
        long packets = last.fromPackets() + last.toPackets();
        if (packets < ENOUGH || last.fromBytes() + last.toBytes() != packets * bytes) {
            throw new AssertionError(this + ": not enough packets, or not of " + bytes + " bytes: " + last);
        }
        return new Result(last.fromPackets(), last.toPackets(), paths);
    }

    /** What was asked for must have been negotiated, or the run shows something else. */
    private void checkFeatures(long features) {
        checkFeature(features, RING_PACKED, packed);
        checkFeature(features, MRG_RXBUF, mergeable);
        checkFeature(features, IN_ORDER, inOrder);
    }

    private void checkFeature(long features, int bit, boolean wanted) {
        if ((features >>> bit & 1) != (wanted ? 1 : 0)) {
            throw new AssertionError(
                    this + ": feature bit " + bit + " of " + Long.toHexString(features) + " is not " + wanted);
        }
    }

    private static void testpmdSends(Testpmd testpmd, Backend backend) {
        testpmd.forward(Mode.TXONLY);
        backend.awaitCounters(seen -> seen.fromPackets() >= ENOUGH, "enough packets", TRAFFIC_LIMIT);
        testpmd.stop();
    }

    /** The back-end waits: what comes before testpmd's port has started, testpmd discards without counting. */
    private static void backendSends(Testpmd testpmd, Backend backend) {
        testpmd.forward(Mode.RXONLY);
        backend.begin();
        Await.until(testpmd::stats, seen -> seen.rxPackets() >= ENOUGH, "packets of the back-end", TRAFFIC_LIMIT);
        testpmd.stop();
    }

    /**
     * A fixed number of packets circulates. It fits into the rings, so that none has a reason to get lost; at the end
     * testpmd only receives, until it has them all back.
     */
    private void bothCirculate(Testpmd testpmd, Backend backend) {
        testpmd.forwardAfterFirstBurst(mode);
        backend.awaitCounters(seen -> seen.toPackets() >= ENOUGH, "enough packets", TRAFFIC_LIMIT);
        testpmd.stop();
        testpmd.forward(Mode.RXONLY);
        Await.until(
                testpmd::stats,
                seen -> seen.rxPackets() == seen.txPackets(),
                "all " + BURST * queuePairs + " packets in circulation back at testpmd",
                TRAFFIC_LIMIT);
        testpmd.stop();
    }
}
