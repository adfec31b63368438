// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.PollPacer;
import io.vhost4j.RecoveryPolicy;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of {@code forward} as they were typed. */
final class ForwardOptions {
    static final int NOT_GIVEN = -1;

    @Option(
            names = "--socket",
            required = true,
            paramLabel = "PATH",
            description = "A vhost-user socket; repeat it for more.")
    List<Path> sockets = List.of();

    @Option(names = "--mode", paramLabel = "MODE", description = "One of ${COMPLETION-CANDIDATES}; default io.")
    Mode mode = Mode.IO;

    @Option(names = "--client", description = "Connect to the sockets; the front-end listens.")
    boolean client;

    @Option(names = "--no-reconnect", description = "With --client: do not connect again.")
    boolean noReconnect;

    @Option(names = "--async-connect", description = "With --client: do not wait for the first connection.")
    boolean asyncConnect;

    @Option(names = "--linear", description = "Take only packets that fit one buffer.")
    boolean linear;

    @Option(names = "--extbuf", description = "With --linear: larger packets come in external buffers.")
    boolean extbuf;

    @Option(names = "--iommu", description = "Take guests whose addresses an IOMMU translates.")
    boolean iommu;

    @Option(names = "--postcopy", description = "Take part in post-copy migrations.")
    boolean postcopy;

    @Option(
            names = "--async",
            paramLabel = "CHANNEL",
            description = "Have a DMA engine copy: cpu, thread[:[COUNT][@CPU,..]], ioat:ADDRESS.")
    @Nullable
    String async;

    @Option(
            names = "--async-threshold",
            paramLabel = "BYTES",
            description = "With --async: pieces from this length on; default 256.")
    int asyncThreshold = NOT_GIVEN;

    @Option(
            names = "--recovery",
            paramLabel = "POLICY",
            description = "What was in flight when a back-end left: one of ${COMPLETION-CANDIDATES}; default inflight.")
    RecoveryPolicy recovery = RecoveryPolicy.INFLIGHT;

    @Option(names = "--net-compliant", description = "Describe offloads by receive flags, as a network driver does.")
    boolean netCompliant;

    @Option(names = "--queues", paramLabel = "PAIRS", description = "Most queue pairs, 1 to 128; default 128.")
    int queues = 128;

    @Option(
            names = "--txpkts",
            split = ",",
            paramLabel = "LEN",
            description = "txonly: bytes of each segment; default 64.")
    List<Integer> txpkts = List.of();

    @Option(
            names = "--disable",
            split = ",",
            paramLabel = "FEATURE",
            description = "Features not to offer, such as RING_PACKED.")
    List<String> disable = List.of();

    @Option(names = "--packed", description = "Turn front-ends away that use split rings.")
    boolean packed;

    @Option(names = "--no-packed", description = "Offer no packed rings.")
    boolean noPacked;

    @Option(names = "--no-mrg-rxbuf", description = "Offer no mergeable receive buffers.")
    boolean noMergeable;

    @Option(names = "--no-indirect", description = "Offer no indirect descriptors.")
    boolean noIndirect;

    @Option(names = "--no-event-idx", description = "Offer no event index.")
    boolean noEventIndex;

    @Option(names = "--no-in-order", description = "Offer no in-order use of buffers.")
    boolean noInOrder;

    @Option(names = "--no-tso", description = "Offer no segmentation offload.")
    boolean noTso;

    @Option(names = "--no-csum", description = "Offer no checksum offload, and so no segmentation offload.")
    boolean noCsum;

    @Option(
            names = "--mtu",
            paramLabel = "N",
            description = "Offer the MTU feature, with buffers that hold packets of this MTU.")
    int mtu = NOT_GIVEN;

    @Option(names = "--mac", paramLabel = "MAC", description = "icmpecho: our address; default 02:00:00:00:00:01.")
    String mac = "02:00:00:00:00:01";

    @Option(names = "--cpu", paramLabel = "LIST", description = "CPUs such as 0,2-3: one poll thread on each.")
    @Nullable
    String cpu;

    @Option(
            names = "--poll-pause",
            paramLabel = "NS",
            description = "Wait after a round that found little, which spares guests' caches; 0 to 1000000,"
                    + " default 200.")
    int pollPause = (int) PollPacer.DEFAULT_PAUSE.toNanos();

    @Option(names = "--sleep", description = "Sleep while guests are silent, rather than poll all the time.")
    boolean sleep;

    @Option(names = "--buffers", paramLabel = "N", description = "Packet buffers; default 16384.")
    int buffers = 16384;

    @Option(names = "--data-room", paramLabel = "BYTES", description = "Bytes of a buffer; default 2048.")
    int dataRoom = NOT_GIVEN;

    @Option(names = "--hugepages", description = "Take the buffers from huge pages.")
    boolean hugePages;

    @Option(names = "--socket-mode", paramLabel = "OCTAL", description = "Permissions of the sockets, such as 0660.")
    @Nullable
    String socketMode;

    @Option(names = "--socket-owner", paramLabel = "USER[:GROUP]", description = "Owner of the sockets.")
    @Nullable
    String socketOwner;

    @Option(
            names = "--stats",
            paramLabel = "SEC",
            description = "Seconds between statistics, 0 for none; default 1, with --json 0.")
    double stats = NOT_GIVEN;

    @Option(
            names = "--busy",
            description = "Tell how long poll threads worked, polls that moved nothing left out; slows them a little.")
    boolean busy;

    @Option(names = "--pcap", paramLabel = "FILE", description = "Write all packets to this file, for Wireshark.")
    @Nullable
    Path pcap;

    @Option(names = "--count", paramLabel = "N", description = "Stop after N packets.")
    long count = NOT_GIVEN;

    @Option(
            names = "--on-enter",
            description = "Move packets only once Enter is pressed (a line comes on standard input, or its end).")
    boolean onEnter;

    @Option(names = "--duration", paramLabel = "SEC", description = "Stop after this time.")
    double duration = NOT_GIVEN;
}
