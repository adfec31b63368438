// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pktgen;

import static io.vhost4j.examples.cli.UsageException.checkRange;
import static io.vhost4j.examples.cli.UsageException.rejectIf;

import io.vhost4j.examples.cli.CommandBase;
import io.vhost4j.examples.cli.FrontOptions;
import io.vhost4j.examples.cli.Machine;
import io.vhost4j.examples.cli.Pace;
import io.vhost4j.examples.cli.Session;
import io.vhost4j.examples.cli.StopSignal;
import io.vhost4j.examples.wire.PairReceiver;
import io.vhost4j.examples.wire.PairSender;
import io.vhost4j.examples.wire.TrafficSink;
import io.vhost4j.examples.wire.TrafficSource;
import io.vhost4j.virtiouser.VirtioUser;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A traffic generator and checker in front of any back-end. */
@Command(
        name = "pktgen",
        description = "Send, receive or return packets through a vhost-user back-end, and count or check them.")
public final class PktgenCommand extends CommandBase {
    /** What to do with packets. */
    enum Mode {
        TXONLY,
        RXONLY,
        MACSWAP,
        LOOP
    }

    static final long DESTINATION = 0x02_00_00_00_00_01L;
    static final long SOURCE = 0x02_00_00_00_00_02L;
    private static final int SPARE_BUFFERS = 4096;
    private static final int ANYWHERE = -1;

    @Mixin
    private FrontOptions front = new FrontOptions();

    @Option(names = "--no-mrg-rxbuf", description = "Do not use mergeable receive buffers.")
    private boolean noMergeable;

    @Option(names = "--in-order", description = "Ask for in-order use of buffers.")
    private boolean inOrder;

    @Option(names = "--queue-size", paramLabel = "N", description = "Descriptors of each ring; default 256.")
    private int queueSize = 256;

    @Option(
            names = "--mode",
            paramLabel = "MODE",
            description = "One of ${COMPLETION-CANDIDATES}; default txonly. loop expects its packets back.")
    private Mode mode = Mode.TXONLY;

    @Option(names = "--size", paramLabel = "N", description = "Bytes of a packet, 60 to 65535; default 64.")
    private int size = 64;

    @Option(names = "--count", paramLabel = "N", description = "Packets to send, or to receive; default no limit.")
    private long count = Long.MAX_VALUE;

    @Option(names = "--duration", paramLabel = "SEC", description = "Stop after this time; default no limit.")
    private double duration;

    @Option(names = "--verify", description = "rxonly, loop: check number and contents of what is received.")
    private boolean verify;

    @Option(
            names = "--rate",
            paramLabel = "PPS",
            description = "loop: packets per second that are due; default as many as go.")
    private double rate;

    @Option(names = "--burst", paramLabel = "N", description = "loop: send N packets at a time, 1 to 32.")
    private int burst;

    @Option(
            names = "--latency",
            description = "loop: tell after what time packets come back, counted from when each was due.")
    private boolean latency;

    @Option(
            names = "--devices",
            paramLabel = "N",
            description = "loop: drive N devices, whose sockets are PATH0, PATH1 and so on.")
    private int deviceCount = 1;

    @Option(names = "--cpu", paramLabel = "N", description = "Where the thread that moves packets runs.")
    private int cpu = ANYWHERE;

    @Option(names = "--stats", paramLabel = "SEC", description = "Seconds between statistics; default 1.")
    private double stats = 1;

    /** Runs within {@code session}. */
    public PktgenCommand(Session session) {
        super(session);
    }

    @Override
    public Integer call() throws InterruptedException {
        check();
        List<VirtioUser> devices = new ArrayList<>();
        try (FrontOptions held = front) {
            try {
                for (int i = 0; i < deviceCount; i++) {
                    devices.add(connect(held, deviceCount == 1 ? "" : Integer.toString(i)));
                }
                Latencies latencies = latency ? new Latencies() : null;
                PktgenReport report = new PktgenReport(output(), json(), devices, latencies);
                Worker worker = generate(devices, report, latencies);
                report.summary(worker);
                return worker.bad() == 0 && worker.lost() == 0 ? OK : FAILED;
            } finally {
                devices.forEach(VirtioUser::close);
            }
        }
    }

    private VirtioUser connect(FrontOptions options, String suffix) {
        int buffer = noMergeable || isPaced() ? Math.max(2048, size) : 2048;
        int segments = size / buffer + 1;
        int rings = front.queues() * queueSize;
        int spare = deviceCount == 1 ? SPARE_BUFFERS : SPARE_BUFFERS / 8;
        return options.builder(suffix)
                .queueSize(queueSize)
                .mergeable(!noMergeable)
                .inOrder(inOrder)
                .bufferSize(buffer)
                .bufferCount(rings * 2 + spare + rings * segments)
                .connect();
    }

    /** Whether times or rates matter, which one worker alone takes care of. */
    private boolean isPaced() {
        return rate > 0 || burst > 0 || latency || deviceCount > 1;
    }

    private void check() {
        checkRange("--queue-size", queueSize, 1, 32768);
        rejectIf(
                !front.packed() && Integer.bitCount(queueSize) != 1,
                "--queue-size " + queueSize + ": must be a power of two; only with --packed it may be any number");
        checkRange("--size", size, TrafficSource.MIN_LENGTH, TrafficSource.MAX_LENGTH);
        checkRange("--count", count, 1, Long.MAX_VALUE);
        rejectIf(!(duration >= 0 && duration < 1e9), "--duration " + duration + ": must be 0 to 1000000000 seconds");
        rejectIf(
                verify && (mode == Mode.TXONLY || mode == Mode.MACSWAP),
                "--verify is for --mode rxonly and loop: " + mode.name().toLowerCase(Locale.ROOT)
                        + " has nothing to check against");
        checkPace();
    }

    private void checkPace() {
        rejectIf(!(rate >= 0 && rate <= 1e9), "--rate " + rate + ": must be 0 to 1000000000 packets per second");
        checkRange("--burst", burst, 0, 32);
        checkRange("--devices", deviceCount, 1, 1024);
        rejectIf(!(stats >= 0.01 && stats < 1e6), "--stats " + stats + ": must be 0.01 to 1000000 seconds");
        rejectIf(
                cpu != ANYWHERE && !Machine.usableCpus().get(Math.max(cpu, 0)),
                "--cpu " + cpu + ": this process may not use it");
        rejectIf(
                isPaced() && (mode != Mode.LOOP || verify),
                "--rate, --burst, --latency and --devices: go with --mode loop without --verify");
        rejectIf(deviceCount > 1 && front.isVdpa(), "--devices: goes with --socket only");
    }

    private Worker generate(List<VirtioUser> devices, PktgenReport report, @Nullable Latencies latencies)
            throws InterruptedException {
        StopSignal done = new StopSignal();
        VirtioUser device = devices.get(0);
        Traffic traffic = new Traffic(device, done, front.server(), count);
        PairSender[] senders = isPaced() ? new PairSender[0] : senders(device);
        Worker worker = isPaced() ? paced(devices, done, latencies) : worker(device, traffic, senders);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        if (cpu != ANYWHERE) {
                            Machine.pinCurrentThread(cpu);
                        }
                        worker.run();
                    } catch (RuntimeException | Error e) {
                        failure.set(e);
                    } finally {
                        stop().request();
                    }
                },
                "vhost4j-pktgen");
        thread.start();
        Pace.run(stop(), stats, duration, report::statistics);
        done.request();
        thread.join();
        for (PairSender sender : senders) {
            sender.close();
        }
        switch (failure.get()) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(failure.get());
        }
        return worker;
    }

    private Worker paced(List<VirtioUser> devices, StopSignal done, @Nullable Latencies latencies) {
        PacedWorker.Schedule schedule = new PacedWorker.Schedule(rate, burst, count);
        return new PacedWorker(devices.toArray(VirtioUser[]::new), done, schedule, size, latencies);
    }

    private PairSender[] senders(VirtioUser device) {
        boolean sends = mode == Mode.TXONLY || mode == Mode.LOOP;
        PairSender[] senders = new PairSender[sends ? device.queuePairs() : 0];
        for (int pair = 0; pair < senders.length; pair++) {
            TrafficSource source = new TrafficSource(device.pool(), pair, DESTINATION, SOURCE, size);
            senders[pair] = new PairSender(device, pair, source);
        }
        return senders;
    }

    private Worker worker(VirtioUser device, Traffic traffic, PairSender[] senders) {
        List<TrafficSink> sinks = new ArrayList<>();
        PairReceiver[] receivers = new PairReceiver[device.queuePairs()];
        for (int pair = 0; pair < receivers.length; pair++) {
            TrafficSink sink = verify ? new TrafficSink(pair) : null;
            if (sink != null) {
                sinks.add(sink);
            }
            receivers[pair] = new PairReceiver(device, pair, sink);
        }
        return switch (mode) {
            case TXONLY -> new SendWorker(traffic, senders);
            case RXONLY -> new ReceiveWorker(traffic, receivers, sinks);
            case MACSWAP -> new SwapWorker(traffic);
            case LOOP -> new LoopWorker(traffic, senders, receivers, sinks);
        };
    }
}
