// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import static io.vhost4j.examples.cli.UsageException.checkRange;
import static io.vhost4j.examples.cli.UsageException.rejectIf;

import io.vhost4j.DriverFlag;
import io.vhost4j.PollPacer;
import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDriver;
import io.vhost4j.VirtioFeature;
import io.vhost4j.async.AsyncFeatures;
import io.vhost4j.examples.cli.CpuList;
import io.vhost4j.examples.cli.SocketOptions;
import io.vhost4j.examples.cli.SocketOwner;
import io.vhost4j.examples.cli.UsageException;
import io.vhost4j.examples.wire.Ethernet;
import io.vhost4j.examples.wire.Frames;
import io.vhost4j.examples.wire.MacAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Makes settings of options, or says which of them cannot be. */
final class ForwardCheck {
    private static final int DEFAULT_DATA_ROOM = 2048;
    private static final int MAX_DATA_ROOM = 1 << 20;
    private static final int MAX_BUFFERS = 1 << 24;
    private static final int MIN_BUFFERS = 256;
    private static final int MAX_MODE = 0777;
    private static final int MAX_CPUS = 64;
    private static final double MAX_SECONDS = 1e9;

    private static final long SEGMENTATION = VirtioFeature.maskOf(
            VirtioFeature.GSO,
            VirtioFeature.GUEST_TSO4,
            VirtioFeature.GUEST_TSO6,
            VirtioFeature.GUEST_ECN,
            VirtioFeature.GUEST_UFO,
            VirtioFeature.HOST_TSO4,
            VirtioFeature.HOST_TSO6,
            VirtioFeature.HOST_ECN,
            VirtioFeature.HOST_UFO);
    private static final long CHECKSUMS = VirtioFeature.maskOf(VirtioFeature.CSUM, VirtioFeature.GUEST_CSUM);

    private final ForwardOptions options;
    private final BitSet usableCpus;

    /** Checks against the CPUs of this process. */
    ForwardCheck(ForwardOptions options, BitSet usableCpus) {
        this.options = options;
        this.usableCpus = usableCpus;
    }

    /**
     * The settings.
     *
     * @throws UsageException naming the first option that is wrong
     */
    ForwardSettings settings(boolean json) {
        checkSockets();
        checkRanges();
        long virtio = disabledFeatures();
        rejectIf(
                options.packed && VirtioFeature.RING_PACKED.in(virtio),
                "--packed asks for what --no-packed or --disable RING_PACKED takes away: leave one out");
        return new ForwardSettings(
                options.sockets,
                options.mode,
                flags(),
                options.recovery,
                options.async,
                asyncThreshold(),
                virtio,
                disabledProtocolFeatures(),
                options.packed,
                options.queues,
                Math.max(0, options.mtu),
                MacAddress.parse("--mac", options.mac),
                segments(),
                cpus(),
                Duration.ofNanos(options.pollPause),
                options.sleep,
                options.buffers,
                dataRoom(),
                options.hugePages,
                socketMode(),
                options.socketOwner == null ? null : SocketOwner.parse("--socket-owner", options.socketOwner),
                options.pcap,
                Math.max(0, options.count),
                options.onEnter,
                Math.max(0, options.duration),
                options.stats >= 0 ? options.stats : json ? 0 : 1,
                options.busy);
    }

    private void checkSockets() {
        Set<Object> seen = new HashSet<>();
        for (var socket : options.sockets) {
            SocketOptions.check(socket);
            rejectIf(!seen.add(socket.toAbsolutePath().normalize()), "--socket " + socket + ": given twice");
        }
        int count = options.sockets.size();
        rejectIf(
                options.mode.joinsPairs() && count > 1 && count % 2 != 0,
                "--mode " + options.mode.name().toLowerCase(Locale.ROOT) + " joins sockets in pairs: " + count
                        + " sockets are given; give one more or one less");
        boolean client = options.client;
        rejectIf(options.noReconnect && !client, "--no-reconnect is for --client: add it or leave this out");
        rejectIf(options.asyncConnect && !client, "--async-connect is for --client: add it or leave this out");
        rejectIf(options.extbuf && !options.linear, "--extbuf goes with --linear: add it or leave this out");
        rejectIf(
                client && (options.socketMode != null || options.socketOwner != null),
                "--socket-mode and --socket-owner are for sockets that we make: with --client the front-end makes"
                        + " them");
    }

    private void checkRanges() {
        checkRange("--queues", options.queues, 1, VhostDriver.MAX_QUEUE_PAIRS);
        checkRange("--poll-pause", options.pollPause, 0, PollPacer.LONGEST_PAUSE.toNanos());
        checkRange("--buffers", options.buffers, MIN_BUFFERS, MAX_BUFFERS);
        checkSeconds("--stats", options.stats, 0);
        checkSeconds("--duration", options.duration, 0.001);
        if (options.count != ForwardOptions.NOT_GIVEN) {
            checkRange("--count", options.count, 1, Long.MAX_VALUE);
        }
        if (options.mtu != ForwardOptions.NOT_GIVEN) {
            checkRange("--mtu", options.mtu, 68, 65535);
            rejectIf(
                    options.disable.stream()
                            .anyMatch(name -> VirtioFeature.MTU.name().equalsIgnoreCase(name)),
                    "--mtu asks for what --disable MTU takes away: leave one out");
        }
        if (options.dataRoom != ForwardOptions.NOT_GIVEN) {
            checkRange("--data-room", options.dataRoom, 128, MAX_DATA_ROOM);
        }
    }

    private static void checkSeconds(String option, double value, double min) {
        rejectIf(
                value != ForwardOptions.NOT_GIVEN && !(value >= min && value <= MAX_SECONDS),
                option + " " + value + ": must be " + min + " to " + (long) MAX_SECONDS + " seconds");
    }

    private Set<DriverFlag> flags() {
        EnumSet<DriverFlag> flags = EnumSet.of(DriverFlag.NET_STATS_ENABLE);
        addIf(flags, options.client, DriverFlag.CLIENT);
        addIf(flags, options.noReconnect, DriverFlag.NO_RECONNECT);
        addIf(flags, options.asyncConnect, DriverFlag.ASYNC_CONNECT);
        addIf(flags, options.linear, DriverFlag.LINEARBUF_SUPPORT);
        addIf(flags, options.extbuf, DriverFlag.EXTBUF_SUPPORT);
        addIf(flags, options.iommu, DriverFlag.IOMMU_SUPPORT);
        addIf(flags, options.postcopy, DriverFlag.POSTCOPY_SUPPORT);
        addIf(flags, options.netCompliant, DriverFlag.NET_COMPLIANT_OL_FLAGS);
        addIf(flags, options.async != null, DriverFlag.ASYNC_COPY);
        return flags;
    }

    private int asyncThreshold() {
        if (options.asyncThreshold == ForwardOptions.NOT_GIVEN) {
            return AsyncFeatures.DEFAULT.asyncThreshold();
        }
        rejectIf(options.async == null, "--async-threshold goes with --async: add it or leave this out");
        checkRange("--async-threshold", options.asyncThreshold, 0, Integer.MAX_VALUE);
        return options.asyncThreshold;
    }

    private static void addIf(Set<DriverFlag> flags, boolean wanted, DriverFlag flag) {
        if (wanted) {
            flags.add(flag);
        }
    }

    private long disabledFeatures() {
        long mask = 0;
        mask |= options.noPacked ? VirtioFeature.RING_PACKED.mask() : 0;
        mask |= options.noMergeable ? VirtioFeature.MRG_RXBUF.mask() : 0;
        mask |= options.noIndirect ? VirtioFeature.RING_INDIRECT_DESC.mask() : 0;
        mask |= options.noEventIndex ? VirtioFeature.RING_EVENT_IDX.mask() : 0;
        mask |= options.noInOrder ? VirtioFeature.IN_ORDER.mask() : 0;
        mask |= options.noTso || options.noCsum ? SEGMENTATION : 0;
        mask |= options.noCsum ? CHECKSUMS : 0;
        for (String name : options.disable) {
            VirtioFeature feature = find(VirtioFeature.values(), name);
            mask |= feature == null ? 0 : feature.mask();
            rejectIf(feature == null && find(ProtocolFeature.values(), name) == null, unknownFeature(name));
        }
        return mask;
    }

    private long disabledProtocolFeatures() {
        long mask = 0;
        for (String name : options.disable) {
            ProtocolFeature feature = find(ProtocolFeature.values(), name);
            // a name that both have (MQ, MTU, STATUS) means both: one is no use without the other
            mask |= feature == null ? 0 : feature.mask();
        }
        return mask;
    }

    private static <E extends Enum<E>> E find(E[] features, String name) {
        return Arrays.stream(features)
                .filter(feature -> feature.name().equalsIgnoreCase(name))
                .findFirst()
                .orElse(null);
    }

    private static String unknownFeature(String name) {
        return "--disable " + name + ": no such feature; virtio has " + Arrays.toString(VirtioFeature.values())
                + ", the protocol has " + Arrays.toString(ProtocolFeature.values());
    }

    private List<Integer> segments() {
        if (options.txpkts.isEmpty()) {
            return List.of(64);
        }
        rejectIf(options.mode != Mode.TXONLY, "--txpkts is for --mode txonly: add it or leave this out");
        List<Integer> segments = new ArrayList<>();
        long total = 0;
        for (int length : options.txpkts) {
            checkRange("--txpkts", length, 1, Frames.MAX_IPV4);
            total += length;
            for (int rest = length; rest > 0; rest -= dataRoom()) { // a buffer holds no more
                segments.add(Math.min(rest, dataRoom()));
            }
        }
        rejectIf(
                total < Frames.UDP_HEADERS || total > Frames.MAX_IPV4,
                "--txpkts " + options.txpkts + ": " + total + " bytes; a packet has " + Frames.UDP_HEADERS + " to "
                        + Frames.MAX_IPV4);
        return List.copyOf(segments);
    }

    private List<Integer> cpus() {
        if (options.cpu == null) {
            return List.of();
        }
        List<Integer> cpus = CpuList.parse("--cpu", options.cpu, usableCpus);
        rejectIf(cpus.size() > MAX_CPUS, "--cpu " + options.cpu + ": at most " + MAX_CPUS + " CPUs");
        return cpus;
    }

    private int dataRoom() {
        if (options.dataRoom != ForwardOptions.NOT_GIVEN) {
            return options.dataRoom;
        }
        int frame = options.mtu + Ethernet.HEADER + Ethernet.VLAN_TAG;
        int rounded = (frame + 63) & ~63;
        return Math.max(DEFAULT_DATA_ROOM, rounded);
    }

    private int socketMode() {
        if (options.socketMode == null) {
            return -1;
        }
        try {
            int mode = Integer.parseInt(options.socketMode, 8);
            if (mode >= 0 && mode <= MAX_MODE) {
                return mode;
            }
        } catch (NumberFormatException e) {
            throw new UsageException("--socket-mode " + options.socketMode + ": not an octal number such as 0660");
        }
        throw new UsageException("--socket-mode " + options.socketMode + ": must be 0 to 0777");
    }
}
