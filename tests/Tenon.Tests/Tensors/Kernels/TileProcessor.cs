using System.Runtime.InteropServices;
using Iced.Intel;
using Tenon.Tensors.Kernels;

namespace Tenon.Tests.Tensors.Kernels;

/// <summary>
/// Executes the few instructions that assembled int8 tiles are made of, as Intel's Software Developer's Manual defines them (volume 2;
/// AMX with its checks of shapes, which fault on the processor), so that code for processors that are not at hand can be tried.
/// An instruction that it does not know throws.
/// </summary>
internal sealed unsafe class TileProcessor
{
    private const int TileRows = 16;
    private const int TileRowBytes = 64;

    private readonly ulong[] _general = new ulong[16];
    private readonly byte[][] _vectors = [.. Enumerable.Range(0, 32).Select(_ => new byte[64])];
    private readonly byte[][] _tiles = [.. Enumerable.Range(0, 8).Select(_ => new byte[TileRows * TileRowBytes])];
    private readonly (int Rows, int RowBytes)[] _shapes = new (int, int)[8];
    private readonly Stack<ulong> _stack = new();
    private bool _configured;
    private bool _equal;

    /// <summary>Executed instructions by their names.</summary>
    public Dictionary<Mnemonic, int> Executed { get; } = [];

    /// <summary>Calls code with a pointer, as the System V convention has it, and checks that it leaves the machine as that asks.</summary>
    public void Run(byte[] code, TileArgs* args)
    {
        var decoder = Decoder.Create(64, code, 0);
        var instructions = new Dictionary<ulong, Instruction>();
        while (decoder.IP < (ulong)code.Length)
        {
            var instruction = decoder.Decode();
            instruction.IsInvalid.ShouldBeFalse($"byte {instruction.IP}");
            instructions.Add(instruction.IP, instruction);
        }

        for (var i = 0; i < _general.Length; i++) _general[i] = 0xBAD0_0000_0000_0000 + (ulong)i;
        Set(Register.RDI, (ulong)args);
        Register[] kept = [Register.RBX, Register.RBP, Register.R12, Register.R13, Register.R14, Register.R15];
        ulong[] before = [.. kept.Select(Get)];
        for (ulong at = 0; ;)
        {
            var i = instructions[at];
            Executed[i.Mnemonic] = Executed.GetValueOrDefault(i.Mnemonic) + 1;
            if (i.Mnemonic == Mnemonic.Ret) break;
            at = Step(i) ? i.NearBranchTarget : i.NextIP;
        }

        _stack.ShouldBeEmpty();
        kept.Select(Get).ShouldBe(before, "registers that belong to the caller");
        _configured.ShouldBeFalse("tiles that are not released cost every switch of threads");
    }

    /// <summary>Executes an instruction; true where it jumps.</summary>
    private bool Step(in Instruction i)
    {
        switch (i.Mnemonic)
        {
            case Mnemonic.Push: _stack.Push(Get(i.Op0Register)); break;
            case Mnemonic.Pop: Set(i.Op0Register, _stack.Pop()); break;
            case Mnemonic.Mov: Set(i.Op0Register, Value(i, 1)); break;
            case Mnemonic.Lea: Set(i.Op0Register, Address(i)); break;
            case Mnemonic.Add: Set(i.Op0Register, Get(i.Op0Register) + Value(i, 1)); break;
            case Mnemonic.Dec: Set(i.Op0Register, Get(i.Op0Register) - 1); _equal = Get(i.Op0Register) == 0; break;
            case Mnemonic.Cmp: _equal = Value(i, 0) == Value(i, 1); break;
            case Mnemonic.Xchg:
                var held = Get(i.Op0Register);
                Set(i.Op0Register, Get(i.Op1Register));
                Set(i.Op1Register, held);
                break;
            case Mnemonic.Je: return _equal;
            case Mnemonic.Jne: return !_equal;
            case Mnemonic.Jmp: return true;
            case Mnemonic.Prefetcht1 or Mnemonic.Vzeroupper: break;
            case Mnemonic.Ldtilecfg: Configure((byte*)Address(i)); break;
            case Mnemonic.Tilerelease: _configured = false; break;
            case Mnemonic.Tilezero: Array.Clear(Tile(i.Op0Register)); break;
            case Mnemonic.Tileloadd: Move(i, i.Op0Register, load: true); break;
            case Mnemonic.Tilestored: Move(i, i.Op1Register, load: false); break;
            case Mnemonic.Tdpbsud: Dot(i); break;
            default: Vector(i); break;
        }

        return false;
    }

    private void Vector(in Instruction i)
    {
        if (i.Mnemonic is Mnemonic.Vmovups or Mnemonic.Vmovdqu32 && i.Op0Kind == OpKind.Memory)
        {
            _vectors[i.Op1Register - Register.ZMM0].CopyTo(new Span<byte>((void*)Address(i), 64));
            return;
        }

        var target = _vectors[i.Op0Register - Register.ZMM0];
        var last = Operand(i, i.OpCount == 2 ? 1 : 2);
        var first = i.OpCount == 2 ? last : Operand(i, 1);
        Span<float> floats = MemoryMarshal.Cast<byte, float>(target.AsSpan()), firstFloats = MemoryMarshal.Cast<byte, float>(first),
            lastFloats = MemoryMarshal.Cast<byte, float>(last);
        Span<int> integers = MemoryMarshal.Cast<byte, int>(target.AsSpan()), firstIntegers = MemoryMarshal.Cast<byte, int>(first),
            lastIntegers = MemoryMarshal.Cast<byte, int>(last);
        for (var lane = 0; lane < 16; lane++)
            switch (i.Mnemonic)
            {
                case Mnemonic.Vmovups or Mnemonic.Vmovdqu32 or Mnemonic.Vmovdqa32: integers[lane] = lastIntegers[lane]; break;
                case Mnemonic.Vbroadcastss or Mnemonic.Vpbroadcastd: integers[lane] = lastIntegers[0]; break;
                case Mnemonic.Vpxord: integers[lane] = firstIntegers[lane] ^ lastIntegers[lane]; break;
                case Mnemonic.Vpaddd: integers[lane] = firstIntegers[lane] + lastIntegers[lane]; break;
                case Mnemonic.Vcvtdq2ps: floats[lane] = lastIntegers[lane]; break;
                case Mnemonic.Vmulps: floats[lane] = firstFloats[lane] * lastFloats[lane]; break;
                case Mnemonic.Vfmadd231ps:
                    floats[lane] = MathF.FusedMultiplyAdd(firstFloats[lane], lastFloats[lane], floats[lane]);
                    break;
                case Mnemonic.Vpdpbusd:
                    for (var b = 4 * lane; b < (4 * lane) + 4; b++) integers[lane] += first[b] * (sbyte)last[b];
                    break;
                default: throw new NotSupportedException(i.ToString());
            }
    }

    /// <summary>A vector operand: a register, 64 bytes of memory, or four of them in every lane.</summary>
    private Span<byte> Operand(in Instruction i, int operand)
    {
        var bytes = new byte[64];
        if (i.GetOpKind(operand) == OpKind.Register) _vectors[i.GetOpRegister(operand) - Register.ZMM0].CopyTo(bytes.AsSpan());
        else if (i.IsBroadcast) MemoryMarshal.Cast<byte, int>(bytes.AsSpan()).Fill(*(int*)Address(i));
        else new Span<byte>((void*)Address(i), i.MemorySize.GetSize()).CopyTo(bytes);
        return bytes;
    }

    private void Configure(byte* shapes)
    {
        ((int)shapes[0]).ShouldBe(1, "palette");
        for (var b = 1; b < 64; b++)
            if (b is < 16 or (> 31 and < 48) or > 55)
                ((int)shapes[b]).ShouldBe(0, $"byte {b} of the shapes is reserved or the first row");
        for (var t = 0; t < 8; t++)
        {
            _shapes[t] = (shapes[48 + t], shapes[16 + (2 * t)] + (shapes[17 + (2 * t)] << 8));
            _shapes[t].Rows.ShouldBeInRange(0, TileRows);
            _shapes[t].RowBytes.ShouldBeInRange(0, TileRowBytes);
            (_shapes[t].Rows == 0).ShouldBe(_shapes[t].RowBytes == 0, "a tile has rows and columns or neither");
            Array.Clear(_tiles[t]);
        }

        _configured = true;
    }

    private byte[] Tile(Register register)
    {
        _configured.ShouldBeTrue();
        _shapes[register - Register.TMM0].Rows.ShouldBeGreaterThan(0, $"{register} has no shape");
        return _tiles[register - Register.TMM0];
    }

    private void Move(in Instruction i, Register register, bool load)
    {
        var tile = Tile(register);
        var (rows, rowBytes) = _shapes[register - Register.TMM0];
        i.MemoryIndex.ShouldNotBe(Register.None, "the index is the distance of rows");
        var stride = Get(i.MemoryIndex) * (ulong)i.MemoryIndexScale;
        var start = Get(i.MemoryBase) + i.MemoryDisplacement64;
        if (load) Array.Clear(tile);
        for (var r = 0; r < rows; r++)
        {
            var memory = new Span<byte>((void*)(start + ((ulong)r * stride)), rowBytes);
            var row = tile.AsSpan(r * TileRowBytes, rowBytes);
            if (load) memory.CopyTo(row);
            else row.CopyTo(memory);
        }
    }

    /// <summary>Adds the products of signed bytes of the second operand by unsigned bytes of the third, four by four.</summary>
    private void Dot(in Instruction i)
    {
        var (sums, left, right) = (Tile(i.Op0Register), Tile(i.Op1Register), Tile(i.Op2Register));
        new[] { i.Op0Register, i.Op1Register, i.Op2Register }.Distinct().Count().ShouldBe(3, "one tile twice");
        (int Rows, int RowBytes) Shape(Register register) => _shapes[register - Register.TMM0];
        var (c, a, b) = (Shape(i.Op0Register), Shape(i.Op1Register), Shape(i.Op2Register));
        a.Rows.ShouldBe(c.Rows);
        b.RowBytes.ShouldBe(c.RowBytes);
        a.RowBytes.ShouldBe(4 * b.Rows);
        for (var m = 0; m < c.Rows; m++)
            for (var k = 0; k < b.Rows; k++)
                for (var n = 0; n < c.RowBytes / 4; n++)
                {
                    ref var sum = ref MemoryMarshal.Cast<byte, int>(sums.AsSpan())[(m * TileRowBytes / 4) + n];
                    for (var t = 0; t < 4; t++)
                        sum += (sbyte)left[(m * TileRowBytes) + (4 * k) + t] * right[(k * TileRowBytes) + (4 * n) + t];
                }
    }

    private ulong Value(in Instruction i, int operand) => i.GetOpKind(operand) switch
    {
        OpKind.Register => Get(i.GetOpRegister(operand)),
        OpKind.Memory => *(ulong*)Address(i),
        _ => i.GetImmediate(operand),
    };

    private ulong Address(in Instruction i) => (i.MemoryBase == Register.None ? 0 : Get(i.MemoryBase))
        + (i.MemoryIndex == Register.None ? 0 : Get(i.MemoryIndex) * (ulong)i.MemoryIndexScale) + i.MemoryDisplacement64;

    // A 32-bit register is its 64-bit one: what is written to it clears the upper half.
    private ulong Get(Register register) => _general[register.GetFullRegister() - Register.RAX];

    private void Set(Register register, ulong value) => _general[register.GetFullRegister() - Register.RAX] = value;
}
