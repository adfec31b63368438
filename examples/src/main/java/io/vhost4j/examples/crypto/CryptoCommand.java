// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.crypto;

import io.vhost4j.ConfigurationException;
import io.vhost4j.crypto.CryptoDevice;
import io.vhost4j.crypto.CryptoOptions;
import io.vhost4j.examples.cli.CommandBase;
import io.vhost4j.examples.cli.Pace;
import io.vhost4j.examples.cli.Session;
import io.vhost4j.examples.cli.SocketOptions;
import io.vhost4j.examples.cli.UsageException;
import java.nio.file.Path;
import java.security.Provider;
import java.security.Security;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A back-end for virtio-crypto devices, in the manner of DPDK's {@code vhost_crypto} sample. */
@Command(name = "crypto", description = "Serve virtio-crypto devices: guests' encryption, hashes and signatures.")
public final class CryptoCommand extends CommandBase {
    @Option(
            names = "--socket",
            required = true,
            paramLabel = "PATH",
            description = "A vhost-user socket; repeat it for more.")
    private List<Path> sockets = List.of();

    @Option(names = "--client", description = "Connect to the sockets; the front-end listens.")
    private boolean client;

    @Option(names = "--queues", paramLabel = "N", description = "Most data queues, 1 to 255; default 8.")
    private int queues = CryptoOptions.DEFAULT.dataQueues();

    @Option(
            names = "--control-queue",
            description = "Serve a control queue behind the data queues, for front-ends that do not do it themselves.")
    private boolean controlQueue;

    @Option(names = "--stateless", description = "Take requests that bring their keys along.")
    private boolean stateless;

    @Option(names = "--iommu", description = "Take guests whose addresses an IOMMU translates.")
    private boolean iommu;

    @Option(
            names = "--provider",
            paramLabel = "NAME",
            description = "Use this provider of cryptography alone, such as SunJCE.")
    @Nullable
    private String provider;

    @Option(names = "--threads", paramLabel = "N", description = "Threads that serve the queues; default 1.")
    private int threads = 1;

    @Option(names = "--busy", description = "Never sleep: shortest answers, whole CPUs.")
    private boolean busy;

    @Option(names = "--stats", paramLabel = "SEC", description = "Seconds between statistics, 0 for none; default 0.")
    private double stats;

    @Option(names = "--duration", paramLabel = "SEC", description = "Stop after this time.")
    private double duration;

    /** Runs within {@code session}. */
    public CryptoCommand(Session session) {
        super(session);
    }

    @Override
    public Integer call() throws InterruptedException {
        sockets.forEach(SocketOptions::check);
        UsageException.rejectIf(threads < 1, "--threads " + threads + ": must be 1 or more");
        UsageException.rejectIf(stats < 0, "--stats " + stats + ": must not be negative");
        UsageException.rejectIf(duration < 0, "--duration " + duration + ": must not be negative");
        CryptoEvents events = new CryptoEvents(output(), json());
        try (CryptoServer server = new CryptoServer(device(), options(), threads, busy, events)) {
            for (Path socket : sockets) {
                server.serve(socket, client, iommu);
            }
            events.listening(sockets, server.capabilities());
            Pace.run(stop(), stats, duration, () -> events.statistics("stats", server.counters()));
            server.end();
            events.statistics("summary", server.counters());
            return server.hasFailed() ? FAILED : OK;
        }
    }

    private CryptoOptions options() {
        try {
            return CryptoOptions.DEFAULT
                    .withDataQueues(queues)
                    .withControlQueue(controlQueue)
                    .withStateless(stateless);
        } catch (ConfigurationException e) {
            throw new UsageException("--queues " + queues + ": must be 1 to 255");
        }
    }

    private CryptoDevice device() {
        if (provider == null) {
            return CryptoDevice.jca();
        }
        Provider found = Security.getProvider(provider);
        if (found == null) {
            throw new UsageException("--provider " + provider + ": there is none of this name, but "
                    + Arrays.stream(Security.getProviders())
                            .map(Provider::getName)
                            .collect(Collectors.joining(", ")));
        }
        return CryptoDevice.jca(found);
    }
}
