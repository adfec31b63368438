// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.ping;

import static io.vhost4j.examples.cli.UsageException.checkRange;

import io.vhost4j.examples.cli.CommandBase;
import io.vhost4j.examples.cli.CommandFailure;
import io.vhost4j.examples.cli.FrontOptions;
import io.vhost4j.examples.cli.Json;
import io.vhost4j.examples.cli.Session;
import io.vhost4j.examples.cli.Units;
import io.vhost4j.examples.wire.MacAddress;
import io.vhost4j.virtiouser.VirtioUser;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** ICMP echo through a back-end. */
@Command(
        name = "ping",
        description =
                "Send ICMP echo requests through a vhost-user back-end, such as 'forward --mode icmpecho', and check"
                        + " the replies.")
public final class PingCommand extends CommandBase {
    private static final String MAC = "02:00:00:00:00:02";
    private static final int HEADERS = 64;
    private static final int BUFFER = 2048;
    private static final int MAX_BUFFER = 16384;

    @Mixin
    private FrontOptions front = new FrontOptions();

    @Option(names = "--count", paramLabel = "N", description = "Requests to send; default 10.")
    private int count = 10;

    @Option(
            names = "--interval",
            paramLabel = "MS",
            description = "Milliseconds from one request to the next; default 200.")
    private int interval = 200;

    @Option(names = "--size", paramLabel = "BYTES", description = "Bytes of payload; default 56.")
    private int size = 56;

    /** Runs within {@code session}. */
    public PingCommand(Session session) {
        super(session);
    }

    @Override
    public Integer call() throws InterruptedException {
        checkRange("--count", count, 1, Integer.MAX_VALUE);
        checkRange("--interval", interval, 0, 3_600_000);
        checkRange("--size", size, 0, EchoRequest.MAX_PAYLOAD);
        int buffer = Math.clamp(size + HEADERS, BUFFER, MAX_BUFFER);
        try (FrontOptions held = front;
                VirtioUser device = held.builder().mac(MAC).bufferSize(buffer).connect()) {
            Pinger pinger = new Pinger(device, new EchoRequest(MacAddress.parse("MAC", MAC), size), stop());
            if (!pinger.resolve() && !stop().isRequested()) {
                throw new CommandFailure(front.socket() + ": no answer to ARP for 192.0.2.1 within a second;"
                        + " does the back-end answer, as 'forward --mode icmpecho' does?");
            }
            run(pinger);
            summary(pinger);
            boolean good = pinger.times().count() == pinger.sent() && pinger.damaged() == 0;
            return good ? OK : FAILED;
        }
    }

    private void run(Pinger pinger) throws InterruptedException {
        long spacing = TimeUnit.MILLISECONDS.toNanos(interval);
        for (int sequence = 1; sequence <= count && !stop().isRequested(); sequence++) {
            long started = System.nanoTime();
            report(sequence, pinger.ping(sequence));
            long left = spacing - (System.nanoTime() - started);
            if (left > 0 && sequence < count && stop().await(left)) {
                return;
            }
        }
    }

    private void report(int sequence, long time) {
        if (stop().isRequested() && time < 0) {
            return;
        }
        if (json()) {
            Json event = Json.event(time < 0 ? "lost" : "reply").put("seq", sequence);
            output().json(time < 0 ? event : event.put("rtt_ns", time));
        } else {
            output().line("seq " + sequence
                    + (time < 0 ? ": no reply" : ": " + size + " bytes in " + Units.time(time)));
        }
    }

    private void summary(Pinger pinger) {
        RoundTrips times = pinger.times();
        long lost = pinger.sent() - times.count();
        if (json()) {
            output().json(Json.event("summary")
                    .put("sent", pinger.sent())
                    .put("received", times.count())
                    .put("lost", lost)
                    .put("bad", pinger.damaged())
                    .put("rtt_min_ns", times.min())
                    .put("rtt_avg_ns", times.average())
                    .put("rtt_max_ns", times.max())
                    .put("rtt_p99_ns", times.p99()));
            return;
        }
        double percent = pinger.sent() == 0 ? 0 : 100.0 * lost / pinger.sent();
        output().line(String.format(
                Locale.ROOT,
                "%d sent, %d received, %.1f%% lost, %d damaged",
                pinger.sent(),
                times.count(),
                percent,
                pinger.damaged()));
        output().line("round trip: min " + Units.time(times.min()) + ", avg " + Units.time(times.average()) + ", max "
                + Units.time(times.max()) + ", p99 " + Units.time(times.p99()));
    }
}
