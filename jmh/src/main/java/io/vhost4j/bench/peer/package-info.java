// SPDX-License-Identifier: BSD-3-Clause

/**
 * Compares back-ends: each serves the same front-end in turn, A B A B, and the ratios of neighbouring runs are what counts. {@link
 * io.vhost4j.bench.peer.PeerBench} is the program, {@link io.vhost4j.bench.peer.Campaign} goes from cell to cell, {@link
 * io.vhost4j.bench.peer.Comparison} has the order of the runs, {@link io.vhost4j.bench.peer.Turns} decides who has the processors, {@link
 * io.vhost4j.bench.peer.Couple} is a back-end with its front-end, and {@link io.vhost4j.bench.peer.Run} what it did.
 */
@NullMarked
package io.vhost4j.bench.peer;

import org.jspecify.annotations.NullMarked;
