// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.DriverFlag;
import io.vhost4j.RecoveryPolicy;
import io.vhost4j.examples.cli.SocketOwner;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a run of {@code forward} is asked to do; checked, so that the parts fit each other.
 *
 * @param async the DMA engine that copies, null for none
 * @param asyncThreshold bytes from which on it does
 * @param disabledFeatures virtio features not to offer
 * @param disabledProtocolFeatures protocol features not to offer
 * @param requirePacked whether a front-end that uses split rings is turned away
 * @param mtu largest MTU that devices may have, 0 if not limited
 * @param segments bytes of each segment of the packets that are sent in txonly mode
 * @param cpus where poll threads run, one each; empty for one thread anywhere
 * @param pollPause how long poll threads leave guests alone after a round that found little
 * @param sleeps whether poll threads sleep while guests are silent
 * @param socketMode permissions of sockets, -1 to leave them to the umask
 * @param count packets after which to stop, 0 for no limit
 * @param onEnter whether packets wait for a line on standard input
 * @param durationSeconds time after which to stop, 0 for no limit
 * @param statsSeconds time between statistics, 0 for none
 * @param timed whether statistics tell how long poll threads worked
 */
record ForwardSettings(
        List<Path> sockets,
        Mode mode,
        Set<DriverFlag> flags,
        RecoveryPolicy recovery,
        @Nullable String async,
        int asyncThreshold,
        long disabledFeatures,
        long disabledProtocolFeatures,
        boolean requirePacked,
        int queuePairs,
        int mtu,
        long mac,
        List<Integer> segments,
        List<Integer> cpus,
        Duration pollPause,
        boolean sleeps,
        int buffers,
        int dataRoom,
        boolean hugePages,
        int socketMode,
        @Nullable SocketOwner socketOwner,
        @Nullable Path pcap,
        long count,
        boolean onEnter,
        double durationSeconds,
        double statsSeconds,
        boolean timed) {

    boolean isClient() {
        return flags.contains(DriverFlag.CLIENT);
    }

    boolean translatesOffloads() {
        return flags.contains(DriverFlag.NET_COMPLIANT_OL_FLAGS);
    }
}
