// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.opentest4j.TestAbortedException;

/** DPDK's net_vhost driver under testpmd. It serves as the yardstick: a test that fails with it too is wrong. */
final class DpdkBackend implements Backend {
    private static final Duration START_LIMIT = Duration.ofSeconds(20);

    private final TestpmdConsole console;
    private final int ports;

    private DpdkBackend(TestpmdConsole console, int ports) {
        this.console = console;
        this.ports = ports;
    }

    static DpdkBackend start(BackendSpec spec) {
        if (spec.count() != 0) {
            throw new TestAbortedException("testpmd cannot send a given number of packets and stop");
        }
        List<String> eal = new ArrayList<>();
        for (int i = 0; i < spec.sockets().size(); i++) {
            eal.add("--vdev=net_vhost" + i + ",iface=" + spec.sockets().get(i) + ",queues=" + spec.queuePairs()
                    + ",tso=1,legacy-ol-flags=1" + (spec.client() ? ",client=1" : ""));
        }
        if (!spec.client()) {
            spec.sockets().forEach(DpdkBackend::deleteStale);
        }
        TestpmdConsole console = TestpmdConsole.start(
                "net_vhost", 0, 384, eal, List.of(), spec.queuePairs(), List.of("--total-num-mbufs=16384"));
        DpdkBackend backend = new DpdkBackend(console, spec.sockets().size());
        console.awaitPrompt();
        console.command("set fwd " + spec.mode().word());
        console.command("set txpkts "
                + String.join(",", spec.segments().stream().map(String::valueOf).toList()));
        console.command("start");
        if (!spec.client()) {
            for (Path socket : spec.sockets()) {
                Await.until(() -> socket, Files::exists, "socket " + socket, START_LIMIT);
            }
        }
        return backend;
    }

    /** DPDK does not listen where a dead process has left its socket. */
    private static void deleteStale(Path socket) {
        try {
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void awaitDevicesUp(int devices) {
        Await.until(
                () -> console.log().since(0).stream()
                        .filter(line -> line.contains("virtio is now ready for processing"))
                        .count(),
                up -> up >= devices,
                devices + " devices up",
                START_LIMIT);
    }

    @Override
    public void begin() {
        throw new IllegalStateException("only for a given number of packets, which testpmd cannot send");
    }

    @Override
    public long features() {
        String line = console.log().last(text -> text.contains("negotiated Virtio features:"));
        if (line == null) {
            throw new AssertionError("no device has come up");
        }
        return Long.decode(line.substring(line.lastIndexOf(' ') + 1));
    }

    private Counters counters() {
        Counters sum = new Counters(0, 0, 0, 0, 0);
        for (int port = 0; port < ports; port++) {
            TestpmdConsole.PortStats stats = console.portStats(port);
            sum = sum.plus(new Counters(
                    stats.rxPackets(), stats.rxBytes(), stats.txPackets(), stats.txBytes(), stats.txErrors()));
        }
        return sum;
    }

    @Override
    public Counters awaitCounters(Predicate<Counters> wanted, String what, Duration limit) {
        return Await.until(this::counters, wanted, what, limit);
    }

    @Override
    public Counters finish() {
        Counters last = counters();
        console.quit();
        return last;
    }

    @Override
    public void kill() {
        console.close();
    }

    @Override
    public void close() {
        console.close();
    }
}
