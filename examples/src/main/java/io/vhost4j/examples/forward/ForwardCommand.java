// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.examples.cli.CommandBase;
import io.vhost4j.examples.cli.EnterKey;
import io.vhost4j.examples.cli.Machine;
import io.vhost4j.examples.cli.Pace;
import io.vhost4j.examples.cli.Session;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** A back-end for any front-end, in the manner of DPDK's testpmd. */
@Command(
        name = "forward",
        description =
                "Serve vhost-user sockets and move packets: back to the sender, between pairs of sockets, or by mode.")
public final class ForwardCommand extends CommandBase {
    @Mixin
    private ForwardOptions options = new ForwardOptions();

    /** Runs within {@code session}. */
    public ForwardCommand(Session session) {
        super(session);
    }

    @Override
    public Integer call() throws InterruptedException {
        ForwardSettings settings = new ForwardCheck(options, Machine.usableCpus()).settings(json());
        ForwardEvents events = new ForwardEvents(name(), output(), json());
        ForwardReport report = new ForwardReport(output(), json());
        List<PortTotals> totals;
        Forwarder forwarder = new Forwarder(settings, events, stop());
        long ended;
        try (forwarder) {
            forwarder.start();
            if (settings.onEnter()) {
                EnterKey.whenPressed(forwarder::release);
            }
            Pace.run(stop(), settings.statsSeconds(), settings.durationSeconds(), () -> report.statistics(forwarder));
            forwarder.stopPolling();
            ended = System.nanoTime();
            forwarder.linger();
            totals = forwarder.switchboard().totals();
        }
        report.summary(forwarder, totals, ended);
        return forwarder.hasFailed() ? FAILED : OK;
    }
}
