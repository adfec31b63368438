// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** testpmd with a virtio-user port, which is the front-end of the back-end under test. One thread at a time. */
final class Testpmd implements AutoCloseable {
    private static final int RING_SIZE = 256;
    private static final Duration START_LIMIT = Duration.ofSeconds(20);

    private final TestpmdConsole console;

    private Testpmd(TestpmdConsole console) {
        this.console = console;
    }

    /**
     * A front-end.
     *
     * @param socket the vhost-user socket
     * @param server whether the front-end listens on it
     * @param packed packed rings instead of split ones
     * @param mergeable whether to offer mergeable receive buffers
     * @param inOrder whether to offer in-order use
     * @param vectorized whether to ask for the vector paths; testpmd takes others where it has none
     * @param queuePairs the number of queue pairs
     * @param segments lengths in bytes of the segments of a packet that it makes itself
     */
    record Options(
            Path socket,
            boolean server,
            boolean packed,
            boolean mergeable,
            boolean inOrder,
            boolean vectorized,
            int queuePairs,
            List<Integer> segments) {
        private int packetBytes() {
            return segments.stream().mapToInt(Integer::intValue).sum();
        }

        private String device() {
            return "--vdev=net_virtio_user0,path=" + socket + ",mac=52:54:00:00:00:03,queue_size=" + RING_SIZE
                    + ",queues="
                    + queuePairs + ",packed_vq=" + bit(packed) + ",mrg_rxbuf=" + bit(mergeable) + ",in_order="
                    + bit(inOrder) + ",vectorized=" + bit(vectorized) + (server ? ",server=1" : "");
        }

        private static String bit(boolean value) {
            return value ? "1" : "0";
        }

        private List<String> arguments() {
            List<String> arguments = new ArrayList<>(List.of(
                    "--rxd=" + RING_SIZE,
                    "--txd=" + RING_SIZE,
                    "--txpkts="
                            + String.join(
                                    ",", segments.stream().map(String::valueOf).toList())));
            boolean jumbo = packetBytes() > 1518;
            if (jumbo) {
                arguments.addAll(List.of("--max-pkt-len=9200", "--tx-offloads=0x8000")); // MULTI_SEGS
            }
            if (jumbo && mergeable) {
                arguments.add("--enable-scatter");
            }
            // Without mergeable buffers one buffer has to hold a whole packet.
            boolean large = jumbo && !mergeable;
            arguments.add("--mbuf-size=" + (large ? 9728 : 2176));
            arguments.add("--total-num-mbufs=" + (large ? 6144 : 8192));
            return arguments;
        }
    }

    /** Starts it. As a server it waits for the back-end before it takes commands: see {@link #awaitPrompt}. */
    static Testpmd start(Options options) {
        List<String> eal = options.vectorized() ? List.of("--force-max-simd-bitwidth=512") : List.of();
        Testpmd testpmd = new Testpmd(TestpmdConsole.start(
                "virtio-user", 1, 256, List.of(options.device()), eal, options.queuePairs(), options.arguments()));
        if (options.server()) {
            Await.until(options::socket, Files::exists, "socket of testpmd", START_LIMIT);
        }
        return testpmd;
    }

    /** Waits until it takes commands. */
    void awaitPrompt() {
        console.awaitPrompt();
    }

    /** Forwards in a mode of testpmd. */
    void forward(Mode mode) {
        console.command("set fwd " + mode.word());
        console.command("start");
    }

    /** Forwards in a mode of testpmd after it has sent one burst of 32 packets on every queue. */
    void forwardAfterFirstBurst(Mode mode) {
        console.command("set fwd " + mode.word());
        console.command("start tx_first 1");
    }

    /** Stops forwarding; what is in the rings stays there. */
    void stop() {
        console.stop();
    }

    /** The counters of its port. */
    TestpmdConsole.PortStats stats() {
        return console.portStats(0);
    }

    /** The receive and transmit functions that it has chosen, in its own words. */
    String paths() {
        List<String> chosen = console.log().since(0).stream()
                .filter(line -> line.contains("virtio: using"))
                .map(line -> line.replaceAll(".*virtio: using (.*) path on port.*", "$1"))
                .distinct()
                .sorted()
                .toList();
        return chosen.isEmpty() ? "not stated" : String.join(", ", chosen);
    }

    /** Ends it in the regular way. */
    void quit() {
        console.quit();
    }

    /** Everything it has written. */
    LineLog log() {
        return console.log();
    }

    @Override
    public void close() {
        console.close();
    }
}
