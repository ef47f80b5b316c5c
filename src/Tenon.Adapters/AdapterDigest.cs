using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Tenon.Adapters;

/// <summary>An adapter's values as one number.</summary>
public static class AdapterDigest
{
    /// <summary>
    /// SHA-256 over the names and values of all tensors, private ones included: equal for adapters that compute the same.
    /// </summary>
    public static string Sha256(this AdapterSet adapter)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, tensor) in adapter.Tensors.Concat(adapter.PrivateTensors))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(MemoryMarshal.AsBytes(tensor.Value));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
