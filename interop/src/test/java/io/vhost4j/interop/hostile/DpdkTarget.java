// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import io.vhost4j.interop.Await;
import io.vhost4j.interop.Peer;
import io.vhost4j.interop.Peers;
import io.vhost4j.interop.Program;
import io.vhost4j.interop.TestpmdConsole;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** DPDK's net_vhost under testpmd, set up like {@link ForwardTarget}: for comparison. */
final class DpdkTarget implements Target {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int MEGABYTES = 384;

    private final TestpmdConsole console;
    private final Path victim;
    private final Path bystander;

    private DpdkTarget(TestpmdConsole console, Path victim, Path bystander) {
        this.console = console;
        this.victim = victim;
        this.bystander = bystander;
    }

    static DpdkTarget start(Path folder) {
        Path victim = folder.resolve("victim.sock");
        Path bystander = folder.resolve("bystander.sock");
        List<Path> sockets = List.of(victim, bystander);
        sockets.forEach(DpdkTarget::deleteStale);
        TestpmdConsole console = TestpmdConsole.start(
                "hostile",
                0,
                MEGABYTES,
                List.of(device(0, victim), device(1, bystander)),
                List.of(),
                1,
                List.of("--total-num-mbufs=16384", "--port-topology=loop"));
        try {
            console.awaitPrompt();
            console.command("set fwd icmpecho");
            console.command("start");
            for (Path socket : sockets) {
                Await.until(() -> socket, Files::exists, "socket " + socket, LIMIT);
            }
        } catch (AssertionError e) {
            console.close();
            throw e;
        }
        return new DpdkTarget(console, victim, bystander);
    }

    private static String device(int number, Path socket) {
        return "--vdev=net_vhost" + number + ",iface=" + socket
                + ",queues=1,tso=1,legacy-ol-flags=1,iommu-support=1,postcopy-support=1";
    }

    private static void deleteStale(Path socket) {
        try {
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String name() {
        return Peers.version(Peer.TESTPMD);
    }

    @Override
    public Path victim() {
        return victim;
    }

    @Override
    public Path bystander() {
        return bystander;
    }

    @Override
    public Program program() {
        return console.program();
    }

    @Override
    public long buffersInUse() {
        return -1;
    }

    @Override
    public int logMark() {
        return console.log().mark();
    }

    @Override
    public List<String> complaints(int mark) {
        return console.log().since(mark).stream()
                .filter(line -> line.startsWith("VHOST_CONFIG") || line.startsWith("VHOST_DATA"))
                .filter(line -> line.matches(".*(fail|error|invalid|bad|unsupported|mismatch).*"))
                .toList();
    }

    @Override
    public long counters() {
        return -1;
    }

    @Override
    public void finish() {
        console.quit();
    }

    @Override
    public void close() {
        console.close();
    }
}
