// SPDX-License-Identifier: BSD-3-Clause

/**
 * Compares back-ends: each serves the same front-end in turn, A B A B, and the ratios of neighbouring runs are what counts. {@link
 * io.vhost4j.bench.peer.PeerBench} is the program, {@link io.vhost4j.bench.peer.Comparison} the order of the runs, {@link
 * io.vhost4j.bench.peer.Run} one of them.
 */
@NullMarked
package io.vhost4j.bench.peer;

import org.jspecify.annotations.NullMarked;
