// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

/**
 * What a run of the launcher has.
 *
 * @param output where to write
 * @param stop how it ends
 */
public record Session(Output output, StopSignal stop) {}
