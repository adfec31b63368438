// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import io.vhost4j.VhostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Runs cases against a back-end, one after the other, and starts a new one where the last is not fit for another case. */
final class HostileRunner implements AutoCloseable {
    private static final Duration SERVICE = Duration.ofSeconds(4);
    private static final int SERVED_PACKETS = 64;
    private static final long SETTLE_NANOS = 4_000_000_000L;
    private static final long HANG_MILLIS = 3_000;
    /** Pauses that are seen once only are the scheduler's: those of the back-end come again. */
    private static final int ATTEMPTS = 4;

    private final Supplier<Target> starter;
    private @Nullable Target target;
    private @Nullable Bystander bystander;
    private ProcessState baseline = new ProcessState(0, 0, 0);
    private int starts;
    private long errorsBefore;

    HostileRunner(Supplier<Target> starter) {
        this.starter = starter;
    }

    /** How often a back-end was started. */
    int starts() {
        return starts;
    }

    /** The back-end, started if there is none. */
    Target target() {
        Target now = target;
        if (now == null) {
            now = starter.get();
            target = now;
            starts++;
            bystander = new Bystander(now.bystander());
            for (int i = 0; i < 4; i++) {
                if (!isServed(now, i % 2 == 1)) {
                    throw new AssertionError(now.name() + " does not serve a well-behaved front-end; its log:\n  "
                            + now.program().out().tail() + "\n  "
                            + now.program().err().tail());
                }
            }
            baseline = settled(now);
            errorsBefore = 0;
        }
        return now;
    }

    /** Waits until the process holds no less than before for some time. */
    private static ProcessState settled(Target of) {
        ProcessState least = ProcessState.of(of.program().pid());
        for (int i = 0; i < 40; i++) {
            LockSupport.parkNanos(20_000_000);
            ProcessState now = ProcessState.of(of.program().pid());
            if (least.exceeds(now)) {
                least = now;
                i = 0;
            }
        }
        return least;
    }

    /** The longest pause of the bystander's traffic without any attack, in milliseconds. */
    long quietMillis(Duration time) {
        target();
        Bystander watching = bystander();
        watching.reset();
        LockSupport.parkNanos(time.toNanos());
        return watching.longestMillis();
    }

    private Bystander bystander() {
        Bystander now = bystander;
        if (now == null) {
            throw new IllegalStateException("no back-end runs");
        }
        return now;
    }

    /** Runs a case. */
    Outcome run(HostileCase of) {
        Outcome outcome = once(of);
        for (int attempt = 1; attempt < ATTEMPTS && outcome.onlySlow() && target != null; attempt++) {
            Outcome again = once(of);
            if (!again.problems().isEmpty() && !again.onlySlow()) {
                return again;
            }
            outcome = again.withGap(Math.min(again.gapMillis(), outcome.gapMillis()));
        }
        return outcome;
    }

    private Outcome once(HostileCase of) {
        Target against = target();
        int mark = against.logMark();
        bystander().reset();
        String leaked = "";
        Reaction reaction = Reaction.SILENT;
        try (Attacker attacker = new Attacker(against, of.setup())) {
            Reaction failed = attacker.failed();
            reaction = failed != null ? failed : of.attack().on(attacker);
        } catch (HeldTooMuchException e) {
            leaked = "while connected " + e.getMessage();
        }
        boolean served = isServedInTwoAttempts(against, of.setup().packed());
        long gap = bystander().longestMillis();
        boolean lived = against.program().isAlive();
        if (lived && served && leaked.isEmpty()) {
            leaked = leaks(against);
            lived = against.program().isAlive();
        }
        long errors = against.counters();
        boolean counted = errors == -1 || errors > errorsBefore;
        errorsBefore = errors;
        List<String> log = against.complaints(mark);
        String death = lived ? "" : death(against);
        if (!lived || !served || !leaked.isEmpty() || gap > HANG_MILLIS) {
            close();
        }
        return new Outcome(reaction, lived, death, served, leaked, gap, counted, log);
    }

    /** DPDK needs a moment after a device has gone. */
    private static boolean isServedInTwoAttempts(Target against, boolean packed) {
        boolean first = isServed(against, packed);
        return first || isServed(against, packed);
    }

    private static boolean isServed(Target against, boolean packed) {
        if (!against.program().isAlive()) {
            return false;
        }
        try (EchoClient client = new EchoClient(against.victim(), SERVICE, packed)) {
            return client.exchange(SERVED_PACKETS, SERVICE);
        } catch (VhostException e) {
            LockSupport.parkNanos(300_000_000);
            return false;
        }
    }

    private String leaks(Target against) {
        long end = System.nanoTime() + SETTLE_NANOS;
        ProcessState now = ProcessState.of(against.program().pid());
        while (now.exceeds(baseline) && System.nanoTime() - end < 0) {
            LockSupport.parkNanos(20_000_000);
            if (!against.program().isAlive()) {
                return "";
            }
            now = ProcessState.of(against.program().pid());
        }
        String more = now.beyond(baseline);
        bystander().pause();
        try {
            long buffers = against.buffersInUse();
            while (buffers > 0 && System.nanoTime() - end < 0) {
                buffers = against.buffersInUse();
            }
            return buffers > 0 ? more + " +" + buffers + " packet buffers" : more;
        } finally {
            bystander().resume();
        }
    }

    private static String death(Target of) {
        int status = of.program().awaitExit(Duration.ofSeconds(30));
        return switch (status) {
            case 128 + 6 -> "SIGABRT";
            case 128 + 7 -> "SIGBUS";
            case 128 + 8 -> "SIGFPE";
            case 128 + 11 -> "SIGSEGV";
            case 128 + 13 -> "SIGPIPE";
            default -> "status " + status;
        };
    }

    /** Ends the back-end in the regular way; everything must have been given back. */
    void finish() {
        Target now = target;
        if (now != null) {
            bystander().close();
            bystander = null;
            now.finish();
        }
        close();
    }

    @Override
    public void close() {
        try {
            if (bystander != null) {
                bystander.close();
            }
        } finally {
            bystander = null;
            if (target != null) {
                target.close();
            }
            target = null;
        }
    }
}
