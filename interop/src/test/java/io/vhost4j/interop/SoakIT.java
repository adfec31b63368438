// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * 64 devices of two queue pairs in one back-end, with front-ends that come and go at random, under traffic; one of them in a process of
 * its own that is killed. Between the rounds all leave, and what the back-end holds then must not rise.
 */
class SoakIT {
    private static final int SECONDS = Integer.getInteger("vhost4j.interop.soak.seconds", 30);
    private static final String OUTPUT = System.getProperty("vhost4j.interop.soak.output");
    private static final long SEED = Long.getLong("vhost4j.interop.seed", System.nanoTime());
    private static final int DEVICES = 64;
    private static final int THREADS = 2;
    private static final int LEAST_ROUNDS = 10;
    private static final int LONGEST_ROUND = 10;
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    private final List<SoakFrontEnds> groups = new ArrayList<>();
    private final List<SoakSample> samples = new ArrayList<>();
    private final Set<Long> present = new HashSet<>();
    private int seen;
    private long devices;
    private long buffers;

    @Test
    @Timeout(900)
    void shouldHoldNoMoreAfterManyConnectionsThanAfterFew() throws Exception {
        Path socket = folder.resolve("net.sock");
        long began = System.nanoTime();
        long end = began + Duration.ofSeconds(SECONDS).toNanos();
        long roundNanos = Duration.ofSeconds(Math.min(LONGEST_ROUND, SECONDS / LEAST_ROUNDS))
                .toNanos();
        for (int i = 0; i < THREADS; i++) {
            groups.add(new SoakFrontEnds(socket, (DEVICES - 1) / THREADS + (i == 0 ? 1 : 0), SEED + i));
        }
        try (Program backend = start(socket);
                ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            backend.out().await(0, line -> line.contains("\"listening\""), "listening", LIMIT);
            round(socket, threads, roundNanos); // what is made once is made now
            awaitNoDevice(backend);
            while (System.nanoTime() - end < 0 || samples.size() < LEAST_ROUNDS - 1) {
                round(socket, threads, roundNanos);
                awaitNoDevice(backend);
                long second = (System.nanoTime() - began) / 1_000_000_000;
                samples.add(SoakSample.of(backend.pid(), second, devices, buffers));
            }
            backend.terminate();
            assertEquals(
                    0,
                    backend.awaitExit(LIMIT),
                    () -> "exit status; " + backend.err().tail());
        }
        report();
        SoakReport.check(samples);
    }

    private void report() {
        long frames = groups.stream().mapToLong(SoakFrontEnds::exchanged).sum();
        assertTrue(frames > devices, "frames exchanged: " + frames);
        String heading = String.format(
                "%d s, %d devices of 2 queue pairs at one `forward`: %d connections, %d of them ended by killing the"
                        + " front-end, %d frames there and back (made by `interop/soak.sh`; seed %d). Values are taken"
                        + " between rounds, when no front-end is there, after a garbage collection.",
                samples.getLast().second(), DEVICES, devices, devices - ownConnections(), frames, SEED);
        System.out.println(heading + "\n" + SoakReport.table(samples));
        if (OUTPUT != null) {
            SoakReport.write(Path.of(OUTPUT), heading, samples);
        }
    }

    private long ownConnections() {
        return groups.stream().mapToLong(SoakFrontEnds::connections).sum();
    }

    private static Program start(Path socket) {
        String options = "-XX:NativeMemoryTracking=summary -XX:+UseSerialGC -Xmx128m";
        return Program.start(
                "vhost4j forward",
                List.of(
                        Launcher.script().toString(),
                        "forward",
                        "--socket",
                        socket.toString(),
                        "--queues",
                        "2",
                        "--stats",
                        "0.2",
                        "--json"),
                Map.of("JAVA_HOME", System.getProperty("java.home"), "VHOST4J_JAVA_OPTS", options));
    }

    private void round(Path socket, ExecutorService threads, long nanos) throws Exception {
        long end = System.nanoTime() + nanos;
        try (Launcher killed =
                Launcher.start(List.of("pktgen", "--socket", socket.toString(), "--queues", "2", "--packed"))) {
            List<Callable<Void>> work = new ArrayList<>();
            for (SoakFrontEnds group : groups) {
                work.add(() -> {
                    while (System.nanoTime() - end < 0) {
                        group.step();
                    }
                    group.close();
                    return null;
                });
            }
            for (Future<Void> done : threads.invokeAll(work)) {
                done.get();
            }
            killed.program().kill();
        } catch (ExecutionException e) {
            throw new AssertionError("seed " + SEED, e.getCause());
        }
    }

    /** Waits until all devices that came have gone, and a report after that has told how many buffers are in use. */
    private void awaitNoDevice(Program backend) {
        int[] quietReports = {0};
        Await.until(
                () -> {
                    List<String> lines = backend.out().since(seen);
                    seen += lines.size();
                    for (String line : lines) {
                        note(Json.object(line), quietReports);
                    }
                    return present.size();
                },
                left -> left == 0 && devices >= ownConnections() && quietReports[0] > 1,
                "devices gone",
                LIMIT);
    }

    private void note(Map<String, Object> event, int[] quietReports) {
        switch (String.valueOf(event.get("event"))) {
            case "device_up" -> {
                devices++;
                present.add(Json.number(event, "vid"));
                quietReports[0] = 0;
            }
            case "device_down" -> present.remove(Json.number(event, "vid"));
            case "stats" -> {
                buffers = Json.number(event, "buffers_in_use");
                quietReports[0] += present.isEmpty() ? 1 : 0;
            }
            default -> {
                // of no account here
            }
        }
    }
}
