// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import static io.vhost4j.examples.cli.UsageException.checkRange;

import io.vhost4j.VhostDriver;
import io.vhost4j.vdpa.VdpaBus;
import io.vhost4j.vdpa.VdpaDevice;
import io.vhost4j.vdpa.VirtioBusDriver;
import io.vhost4j.virtiouser.VirtioUser;
import io.vhost4j.virtiouser.VirtioUserBuilder;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options that front-end commands share. */
public final class FrontOptions implements AutoCloseable {
    @Option(names = "--socket", paramLabel = "PATH", description = "The vhost-user socket.")
    private Path socket = Path.of("");

    @Option(
            names = "--vdpa",
            paramLabel = "NAME[,KEY=VALUE...]",
            description = "Instead of a socket: a vDPA device that this process drives itself, as for 'vdpa --device'.")
    private String vdpa = "";

    @Option(names = "--server", description = "Listen; the back-end connects.")
    private boolean server;

    @Option(names = "--packed", description = "Use packed rings; default split.")
    private boolean packed;

    @Option(names = "--queues", paramLabel = "PAIRS", description = "Queue pairs, 1 to 128; default 1.")
    private int queues = 1;

    @Option(names = "--no-inflight", description = "Keep no account of what is in flight for the next back-end.")
    private boolean noInflight;

    @Option(names = "--hugepages", description = "Take the packets' memory from huge pages.")
    private boolean hugePages;

    private final VdpaBus bus = VdpaBus.create();

    /** The defaults. */
    public FrontOptions() {}

    /** The socket's path. */
    public Path socket() {
        return socket;
    }

    /** Whether rings are packed. */
    public boolean packed() {
        return packed;
    }

    /** Whether to listen. */
    public boolean server() {
        return server;
    }

    /** Whether a vDPA device is driven, rather than a socket. */
    public boolean isVdpa() {
        return !vdpa.isEmpty();
    }

    /** Queue pairs. */
    public int queues() {
        return queues;
    }

    /**
     * A front-end with these options.
     *
     * @throws UsageException if one is wrong
     */
    public VirtioUserBuilder builder() {
        return builder("");
    }

    /** The same for a socket whose path goes on with {@code suffix}; not for a vDPA device. */
    public VirtioUserBuilder builder(String suffix) {
        UsageException.rejectIf(vdpa.isEmpty() == socket.toString().isEmpty(), "give one of --socket and --vdpa");
        if (!vdpa.isEmpty()) {
            UsageException.rejectIf(server, "--server: goes with --socket only");
            socket = bindDevice();
        } else {
            SocketOptions.check(socket);
        }
        checkRange("--queues", queues, 1, VhostDriver.MAX_QUEUE_PAIRS);
        return VirtioUser.builder(Path.of(socket + suffix))
                .server(server)
                .packed(packed)
                .queuePairs(queues)
                .hugePages(hugePages)
                .inflight(!noInflight);
    }

    private Path bindDevice() {
        VirtioBusDriver driver = new VirtioBusDriver();
        bus.bind(bus.add(vdpa).identity().name(), driver);
        return driver.endpoint();
    }

    /** Lets go of the vDPA device, after the front-end was closed. */
    @Override
    public void close() {
        for (VdpaDevice device : bus.list()) {
            bus.unbind(device.identity().name());
            bus.delete(device.identity().name());
        }
    }
}
