// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.vdpa;

import io.vhost4j.examples.cli.CommandBase;
import io.vhost4j.examples.cli.Pace;
import io.vhost4j.examples.cli.Session;
import io.vhost4j.vdpa.VdpaBus;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Gives vDPA devices to virtual machines, in the manner of DPDK's vdpa sample. */
@Command(name = "vdpa", description = "Give a vDPA device to a virtual machine: the device serves the rings.")
public final class VdpaCommand extends CommandBase {
    @Option(
            names = "--device",
            paramLabel = "NAME[,KEY=VALUE...]",
            description =
                    "PCI address bound to vfio-pci, /dev/vhost-vdpa-N, sim:loopback or sim:net; one for each socket.")
    private List<String> devices = new ArrayList<>();

    @Option(names = "--socket", paramLabel = "PATH", description = "The vhost-user socket that the device is given to.")
    private List<Path> sockets = new ArrayList<>();

    @Option(names = "--client", description = "Connect to the sockets, on which front-ends listen.")
    private boolean client;

    @Option(names = "--echo", description = "While no device serves the rings, send guests their packets back.")
    private boolean echo;

    @Option(names = "--interactive", description = "Take commands from standard input: attach, detach, stats, config.")
    private boolean interactive;

    @Option(names = "--list", description = "Show the devices of this machine, and end.")
    private boolean list;

    @Option(names = "--stats", paramLabel = "SEC", description = "Show what the devices count every SEC seconds.")
    private double stats;

    /** Runs within {@code session}. */
    public VdpaCommand(Session session) {
        super(session);
    }

    @Override
    public Integer call() throws InterruptedException {
        VdpaBus bus = VdpaBus.create();
        VdpaReport report = new VdpaReport(output(), json());
        if (list) {
            report.candidates(bus);
            return OK;
        }
        VdpaSettings settings = VdpaSettings.check(devices, sockets, client, echo);
        List<VdpaPort> ports = new ArrayList<>();
        try {
            for (int i = 0; i < settings.devices().size(); i++) {
                ports.add(new VdpaPort(bus, settings, i, output(), json()));
            }
            ports.forEach(VdpaPort::start);
            if (interactive) {
                new VdpaShell(ports, report, output(), stop()).start(System.in);
            }
            Pace.run(stop(), stats, 0, () -> report.statistics(ports));
            report.statistics(ports);
        } finally {
            ports.forEach(VdpaPort::close);
        }
        return OK;
    }
}
