// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.vdpa;

/**
 * Where the doorbell of a ring is.
 *
 * @param offset in the file of {@link VdpaDevice#getVfioDeviceFd}, in bytes
 * @param size bytes, whole pages
 */
public record NotifyArea(long offset, long size) {}
