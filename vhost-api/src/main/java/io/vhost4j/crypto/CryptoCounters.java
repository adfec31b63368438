// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

/**
 * What a crypto device has done so far.
 *
 * @param requests data requests that were given back with a status
 * @param requestBytes bytes of data that they brought
 * @param ok of these, done
 * @param badMessage of these, not authentic
 * @param notSupported of these, of algorithms or operations that are not supported
 * @param invalidSession of these, of sessions that do not exist
 * @param keyRejected of these, signatures that do not fit
 * @param failed of these, failed for other reasons: most often lengths that do not fit each other
 * @param dropped requests with no room for a status, or in memory that is not the guest's: given back without a word
 * @param sessionsCreated sessions made
 * @param sessionsRefused sessions that could not be made
 * @param sessions sessions now
 */
public record CryptoCounters(
        long requests,
        long requestBytes,
        long ok,
        long badMessage,
        long notSupported,
        long invalidSession,
        long keyRejected,
        long failed,
        long dropped,
        long sessionsCreated,
        long sessionsRefused,
        int sessions) {}
