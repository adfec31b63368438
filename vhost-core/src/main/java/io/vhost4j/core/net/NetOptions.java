// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

/**
 * What the application chose at registration.
 *
 * @param statistics count per-ring statistics
 * @param linear deliver each packet in one buffer
 * @param external with {@code linear}: deliver larger packets in external buffers
 * @param compliantFlags describe offloads by receive flags
 */
public record NetOptions(boolean statistics, boolean linear, boolean external, boolean compliantFlags) {}
